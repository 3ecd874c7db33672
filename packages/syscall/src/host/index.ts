/**
 * System calls made in this process.
 */
export { addressOf } from './address.js';
export { type Argument, argumentsText } from './arguments.js';
export { failsWith } from './attempt.js';
export * from './fd.js';
export * from './filesystem.js';
export { HOST_SYSCALLS, type HostSyscallName } from './host-only.js';
export * from './memfd.js';
export * from './mount.js';
export { type CallPurpose, syscall, syscallError } from './native.js';
export * from './open.js';
export * from './pidfd.js';
export * from './pipe.js';
export * from './process.js';
export * from './socket.js';
export * from './spawn.js';
export * from './stat.js';
export * from './sync.js';
export * from './watch.js';
export * from './window-size.js';
