/**
 * The connections that the kernel tracks, by ctnetlink.
 */
export { type Connection, type Direction, forgetConnections, listConnections } from './connections.js';
