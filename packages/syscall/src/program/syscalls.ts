/**
 * The system calls that programs can make: their numbers on each architecture, and how their arguments read.
 *
 * @remarks
 * A word in capitals names a set of constants in {@link FLAG_SETS}, `A|B` two of them that share an argument; the
 * others are the kinds that `explain` knows, see {@link ArgumentKind}. Numbers are checked against the compilers'
 * `asm/unistd.h` by `test/uapi.test.ts`.
 */
export const SYSCALLS = {
  accept4: { x86_64: 288, aarch64: 242, args: ['fd', 'ptr', 'ptr', 'SOCK'] },
  bind: { x86_64: 49, aarch64: 200, args: ['fd', 'ptr', 'size'] },
  capset: { x86_64: 126, aarch64: 91, args: ['ptr', 'ptr'] },
  chdir: { x86_64: 80, aarch64: 49, args: ['path'] },
  chroot: { x86_64: 161, aarch64: 51, args: ['path'] },
  clock_gettime: { x86_64: 228, aarch64: 113, args: ['int', 'ptr'] },
  clone: { x86_64: 56, aarch64: 220, args: ['CLONE', 'ptr', 'ptr', 'ptr', 'ptr'] },
  clone3: { x86_64: 435, aarch64: 435, args: ['struct', 'size'] },
  close: { x86_64: 3, aarch64: 57, args: ['fd'] },
  close_range: { x86_64: 436, aarch64: 436, args: ['fd', 'fd', 'CLOSE_RANGE'] },
  connect: { x86_64: 42, aarch64: 203, args: ['fd', 'ptr', 'size'] },
  copy_file_range: { x86_64: 326, aarch64: 285, args: ['fd', 'ptr', 'fd', 'ptr', 'size', 'flags'] },
  dup: { x86_64: 32, aarch64: 23, args: ['fd'] },
  dup3: { x86_64: 292, aarch64: 24, args: ['fd', 'fd', 'O'] },
  execve: { x86_64: 59, aarch64: 221, args: ['path', 'argv', 'envp'] },
  execveat: { x86_64: 322, aarch64: 281, args: ['fd', 'path', 'argv', 'envp', 'AT'] },
  exit: { x86_64: 60, aarch64: 93, args: ['int'] },
  exit_group: { x86_64: 231, aarch64: 94, args: ['int'] },
  faccessat: { x86_64: 269, aarch64: 48, args: ['fd', 'path', 'int'] },
  faccessat2: { x86_64: 439, aarch64: 439, args: ['fd', 'path', 'int', 'AT'] },
  fchdir: { x86_64: 81, aarch64: 50, args: ['fd'] },
  fchmod: { x86_64: 91, aarch64: 52, args: ['fd', 'mode'] },
  fchmodat: { x86_64: 268, aarch64: 53, args: ['fd', 'path', 'mode'] },
  fchown: { x86_64: 93, aarch64: 55, args: ['fd', 'id', 'id'] },
  fchownat: { x86_64: 260, aarch64: 54, args: ['fd', 'path', 'id', 'id', 'AT'] },
  fcntl: { x86_64: 72, aarch64: 25, args: ['fd', 'F', 'int'] },
  fgetxattr: { x86_64: 193, aarch64: 10, args: ['fd', 'str', 'ptr', 'size'] },
  finit_module: { x86_64: 313, aarch64: 273, args: ['fd', 'str', 'flags'] },
  flistxattr: { x86_64: 196, aarch64: 13, args: ['fd', 'ptr', 'size'] },
  flock: { x86_64: 73, aarch64: 32, args: ['fd', 'int'] },
  fsconfig: { x86_64: 431, aarch64: 431, args: ['fd', 'FSCONFIG', 'str', 'str', 'int'] },
  fsetxattr: { x86_64: 190, aarch64: 7, args: ['fd', 'str', 'ptr', 'size', 'flags'] },
  fsmount: { x86_64: 432, aarch64: 432, args: ['fd', 'FSMOUNT', 'MOUNT_ATTR'] },
  fsopen: { x86_64: 430, aarch64: 430, args: ['str', 'FSOPEN'] },
  fstatfs: { x86_64: 138, aarch64: 44, args: ['fd', 'struct'] },
  fsync: { x86_64: 74, aarch64: 82, args: ['fd'] },
  ftruncate: { x86_64: 77, aarch64: 46, args: ['fd', 'size'] },
  getcwd: { x86_64: 79, aarch64: 17, args: ['ptr', 'size'] },
  getpid: { x86_64: 39, aarch64: 172, args: [] },
  getppid: { x86_64: 110, aarch64: 173, args: [] },
  getdents64: { x86_64: 217, aarch64: 61, args: ['fd', 'ptr', 'size'] },
  getrandom: { x86_64: 318, aarch64: 278, args: ['ptr', 'size', 'flags'] },
  gettid: { x86_64: 186, aarch64: 178, args: [] },
  getuid: { x86_64: 102, aarch64: 174, args: [] },
  getgid: { x86_64: 104, aarch64: 176, args: [] },
  getegid: { x86_64: 108, aarch64: 177, args: [] },
  geteuid: { x86_64: 107, aarch64: 175, args: [] },
  ioctl: { x86_64: 16, aarch64: 29, args: ['fd', 'IOCTL', 'int'] },
  keyctl: { x86_64: 250, aarch64: 219, args: ['int', 'int', 'int', 'int', 'int'] },
  kill: { x86_64: 62, aarch64: 129, args: ['pid', 'SIG'] },
  linkat: { x86_64: 265, aarch64: 37, args: ['fd', 'path', 'fd', 'path', 'AT'] },
  listen: { x86_64: 50, aarch64: 201, args: ['fd', 'size'] },
  lseek: { x86_64: 8, aarch64: 62, args: ['fd', 'int', 'SEEK'] },
  lsetxattr: { x86_64: 189, aarch64: 6, args: ['path', 'str', 'ptr', 'size', 'flags'] },
  madvise: { x86_64: 28, aarch64: 233, args: ['ptr', 'size', 'int'] },
  memfd_create: { x86_64: 319, aarch64: 279, args: ['str', 'MFD'] },
  mkdirat: { x86_64: 258, aarch64: 34, args: ['fd', 'path', 'mode'] },
  mknodat: { x86_64: 259, aarch64: 33, args: ['fd', 'path', 'mode', 'dev'] },
  mmap: { x86_64: 9, aarch64: 222, args: ['ptr', 'size', 'PROT', 'MAP', 'fd', 'int'] },
  mount: { x86_64: 165, aarch64: 40, args: ['path', 'path', 'str', 'MS', 'str'] },
  mount_setattr: { x86_64: 442, aarch64: 442, args: ['fd', 'path', 'AT', 'struct', 'size'] },
  move_mount: { x86_64: 429, aarch64: 429, args: ['fd', 'path', 'fd', 'path', 'MOVE_MOUNT'] },
  mprotect: { x86_64: 10, aarch64: 226, args: ['ptr', 'size', 'PROT'] },
  munmap: { x86_64: 11, aarch64: 215, args: ['ptr', 'size'] },
  nanosleep: { x86_64: 35, aarch64: 101, args: ['ptr', 'ptr'] },
  newfstatat: { x86_64: 262, aarch64: 79, args: ['fd', 'path', 'ptr', 'AT'] },
  open_tree: { x86_64: 428, aarch64: 428, args: ['fd', 'path', 'OPEN_TREE|AT'] },
  openat: { x86_64: 257, aarch64: 56, args: ['fd', 'path', 'O', 'mode'] },
  openat2: { x86_64: 437, aarch64: 437, args: ['fd', 'path', 'struct', 'size'] },
  personality: { x86_64: 135, aarch64: 92, args: ['int'] },
  pidfd_getfd: { x86_64: 438, aarch64: 438, args: ['fd', 'fd', 'flags'] },
  pidfd_open: { x86_64: 434, aarch64: 434, args: ['pid', 'PIDFD'] },
  pidfd_send_signal: { x86_64: 424, aarch64: 424, args: ['fd', 'SIG', 'ptr', 'flags'] },
  pipe2: { x86_64: 293, aarch64: 59, args: ['ptr', 'O'] },
  pivot_root: { x86_64: 155, aarch64: 41, args: ['path', 'path'] },
  ppoll: { x86_64: 271, aarch64: 73, args: ['ptr', 'size', 'ptr', 'ptr', 'size'] },
  prctl: { x86_64: 157, aarch64: 167, args: ['PR', 'int', 'int', 'int', 'int'] },
  prlimit64: { x86_64: 302, aarch64: 261, args: ['pid', 'RLIMIT', 'struct', 'ptr'] },
  pwrite64: { x86_64: 18, aarch64: 68, args: ['fd', 'ptr', 'size', 'int'] },
  read: { x86_64: 0, aarch64: 63, args: ['fd', 'ptr', 'size'] },
  readlinkat: { x86_64: 267, aarch64: 78, args: ['fd', 'path', 'ptr', 'size'] },
  reboot: { x86_64: 169, aarch64: 142, args: ['flags', 'flags', 'LINUX_REBOOT', 'str'] },
  recvfrom: { x86_64: 45, aarch64: 207, args: ['fd', 'ptr', 'size', 'MSG', 'ptr', 'ptr'] },
  recvmsg: { x86_64: 47, aarch64: 212, args: ['fd', 'struct', 'MSG'] },
  renameat2: { x86_64: 316, aarch64: 276, args: ['fd', 'path', 'fd', 'path', 'RENAME'] },
  rt_sigaction: { x86_64: 13, aarch64: 134, args: ['SIG', 'struct', 'ptr', 'size'] },
  rt_sigprocmask: { x86_64: 14, aarch64: 135, args: ['int', 'struct', 'ptr', 'size'] },
  rt_sigtimedwait: { x86_64: 128, aarch64: 137, args: ['struct', 'ptr', 'ptr', 'size'] },
  sched_setaffinity: { x86_64: 203, aarch64: 122, args: ['pid', 'size', 'ptr'] },
  sched_setattr: { x86_64: 314, aarch64: 274, args: ['pid', 'struct', 'flags'] },
  sched_setscheduler: { x86_64: 144, aarch64: 119, args: ['pid', 'int', 'ptr'] },
  seccomp: { x86_64: 317, aarch64: 277, args: ['int', 'flags', 'ptr'] },
  sendmsg: { x86_64: 46, aarch64: 211, args: ['fd', 'struct', 'MSG'] },
  sendto: { x86_64: 44, aarch64: 206, args: ['fd', 'ptr', 'size', 'MSG', 'ptr', 'size'] },
  set_mempolicy: { x86_64: 238, aarch64: 237, args: ['int', 'ptr', 'size'] },
  setdomainname: { x86_64: 171, aarch64: 162, args: ['str', 'size'] },
  setgroups: { x86_64: 116, aarch64: 159, args: ['size', 'ptr'] },
  sethostname: { x86_64: 170, aarch64: 161, args: ['str', 'size'] },
  setns: { x86_64: 308, aarch64: 268, args: ['fd', 'CLONE'] },
  setpgid: { x86_64: 109, aarch64: 154, args: ['pid', 'pid'] },
  setpriority: { x86_64: 141, aarch64: 140, args: ['int', 'int', 'int'] },
  ioprio_set: { x86_64: 251, aarch64: 30, args: ['int', 'int', 'int'] },
  setresgid: { x86_64: 119, aarch64: 149, args: ['id', 'id', 'id'] },
  setresuid: { x86_64: 117, aarch64: 147, args: ['id', 'id', 'id'] },
  setsid: { x86_64: 112, aarch64: 157, args: [] },
  setsockopt: { x86_64: 54, aarch64: 208, args: ['fd', 'int', 'int', 'ptr', 'size'] },
  socket: { x86_64: 41, aarch64: 198, args: ['AF', 'SOCK', 'int'] },
  socketpair: { x86_64: 53, aarch64: 199, args: ['AF', 'SOCK', 'int', 'ptr'] },
  splice: { x86_64: 275, aarch64: 76, args: ['fd', 'ptr', 'fd', 'ptr', 'size', 'SPLICE'] },
  statfs: { x86_64: 137, aarch64: 43, args: ['path', 'ptr'] },
  statx: { x86_64: 332, aarch64: 291, args: ['fd', 'path', 'AT', 'STATX', 'ptr'] },
  symlinkat: { x86_64: 266, aarch64: 36, args: ['str', 'fd', 'path'] },
  sync: { x86_64: 162, aarch64: 81, args: [] },
  tgkill: { x86_64: 234, aarch64: 131, args: ['pid', 'pid', 'SIG'] },
  umask: { x86_64: 95, aarch64: 166, args: ['mode'] },
  umount2: { x86_64: 166, aarch64: 39, args: ['path', 'MNT'] },
  uname: { x86_64: 63, aarch64: 160, args: ['ptr'] },
  unlinkat: { x86_64: 263, aarch64: 35, args: ['fd', 'path', 'AT'] },
  unshare: { x86_64: 272, aarch64: 97, args: ['CLONE'] },
  utimensat: { x86_64: 280, aarch64: 88, args: ['fd', 'path', 'ptr', 'AT'] },
  wait4: { x86_64: 61, aarch64: 260, args: ['pid', 'ptr', 'W', 'ptr'] },
  waitid: { x86_64: 247, aarch64: 95, args: ['P', 'pid', 'ptr', 'W', 'ptr'] },
  write: { x86_64: 1, aarch64: 64, args: ['fd', 'ptr', 'size'] },
} as const;

/** The name of a system call that a program can make. */
export type SyscallName = keyof typeof SYSCALLS;

/** How an argument reads that is not a constant of the kernel's headers. */
export type ArgumentKind =
  | 'fd'
  | 'path'
  | 'str'
  | 'ptr'
  | 'struct'
  | 'argv'
  | 'envp'
  | 'size'
  | 'flags'
  | 'int'
  | 'mode'
  | 'id'
  | 'pid'
  | 'dev';
