/**
 * The execution driver API, and the native driver.
 *
 * @packageDocumentation
 */
export * from './abilities.js';
export * from './contract.js';
export { loadDriver } from './load-driver.js';
export { nativeDriver, nativeModule } from './native/driver.js';
export { explainContainer, type ContainerExplanation } from './native/start-container.js';
export { validateProcess, validateSpec, validateWindow } from './validate.js';
