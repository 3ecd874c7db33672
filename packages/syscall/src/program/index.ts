export { compile, nativeArchitecture, type Image } from './compile.js';
export type { Architecture } from './elf.js';
export * from './ir.js';
export { SYSCALLS, type SyscallName, type SyscallSignature } from './syscalls.js';
