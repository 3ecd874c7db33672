/**
 * The Docker Engine API: types, stream framing and a client.
 *
 * @packageDocumentation
 */
export * from './types/index.js';
export { API_VERSION, MIN_API_VERSION, compareVersions, negotiate } from './versions.js';
