/**
 * An execution driver over any OCI runtime of the host: runc, crun, runsc, and others with runc's command line.
 *
 * @packageDocumentation
 */
export { driver, ociDriver } from './driver.js';
