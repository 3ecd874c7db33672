/**
 * The two error classes of the ns packages and the table of their codes.
 *
 * @packageDocumentation
 */
export { causes, hintOf, isErrno } from './chain.js';
export { CODES, type NsErrorCode } from './codes.js';
export { nearest } from './nearest.js';
export { NsError, type NsErrorOptions } from './ns-error.js';
export { SyscallError, type SyscallErrorOptions } from './syscall-error.js';
