import { native } from './native.js';

/**
 * Where a buffer lies in memory: for a pointer inside a structure that a system call reads.
 *
 * @remarks
 * Holds as long as the buffer is referenced: keep it in a variable until the call has returned. One from Node's pool, as
 * of `Buffer.from`, is not aligned.
 */
export const addressOf = (buffer: Uint8Array): bigint => native().koffi.address(buffer);
