import { SYSCALLS, type SyscallName } from '../program/syscalls.js';

/** System calls that are made in this process and are of no use in a syscall program. As `SYSCALLS`. */
export const HOST_SYSCALLS = {
  bpf: { x86_64: 321, aarch64: 280, args: ['int', 'ptr', 'size'] },
  epoll_create1: { x86_64: 291, aarch64: 20, args: ['O'] },
  epoll_ctl: { x86_64: 233, aarch64: 21, args: ['fd', 'int', 'fd', 'ptr'] },
  eventfd2: { x86_64: 290, aarch64: 19, args: ['int', 'O'] },
  fspick: { x86_64: 433, aarch64: 433, args: ['fd', 'path', 'FSPICK'] },
  getxattr: { x86_64: 191, aarch64: 8, args: ['path', 'str', 'ptr', 'size'] },
  inotify_add_watch: { x86_64: 254, aarch64: 27, args: ['fd', 'path', 'flags'] },
  inotify_init1: { x86_64: 294, aarch64: 26, args: ['O'] },
  inotify_rm_watch: { x86_64: 255, aarch64: 28, args: ['fd', 'int'] },
  removexattr: { x86_64: 197, aarch64: 14, args: ['path', 'str'] },
  setxattr: { x86_64: 188, aarch64: 5, args: ['path', 'str', 'ptr', 'size', 'flags'] },
} as const;

/** The system calls that can be made in this process. */
export type HostSyscallName = SyscallName | keyof typeof HOST_SYSCALLS;

/** The number of a system call on this machine. */
export function syscallNumber(name: HostSyscallName): number {
  const signature = isOfPrograms(name) ? SYSCALLS[name] : HOST_SYSCALLS[name];
  return signature[process.arch === 'arm64' ? 'aarch64' : 'x86_64'];
}

/** True for a call that a program could make as well. */
export const isOfPrograms = (name: HostSyscallName): name is SyscallName => Object.hasOwn(SYSCALLS, name);
