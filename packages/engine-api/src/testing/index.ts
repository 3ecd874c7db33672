/**
 * An Engine API in memory, for tests of clients.
 *
 * @packageDocumentation
 */
export { FakeEngine, type FakeEngineOptions, type FakeRequest } from './fake-engine.js';
export type { FakeIo, FakeProgram } from './process.js';
