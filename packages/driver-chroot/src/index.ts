/**
 * The good old chroot as an execution driver: no isolation but the root directory.
 *
 * @packageDocumentation
 */
export { driver } from './driver.js';
