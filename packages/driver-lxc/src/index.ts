/**
 * The execution driver over LXC: Docker 0.9's second driver.
 *
 * @packageDocumentation
 */
export { driver, lxcDriver } from './driver.js';
