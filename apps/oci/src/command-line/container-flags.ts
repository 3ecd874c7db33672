import type { Flags } from './flag.js';

/** Of `create` and `run`, as runc has them. */
const common = {
  bundle: {
    kind: 'text',
    short: 'b',
    help: 'path to the root of the bundle directory (default: the working directory)',
  },
  'console-socket': { kind: 'text', help: "path to a socket that is sent the terminal's master" },
  'pidfd-socket': { kind: 'text', help: 'path to a socket that is sent a pidfd of the first process' },
  'pid-file': { kind: 'text', help: 'file to write the process id to' },
  'no-pivot': { kind: 'switch', help: 'do not use pivot_root: for a root on a ramdisk' },
  'no-new-keyring': {
    kind: 'switch',
    help: 'do not create a new session keyring: the one of the caller is inherited',
  },
  'preserve-fds': {
    kind: 'number',
    initial: 0,
    help: 'pass N additional descriptors to the container (stdio + $LISTEN_FDS + N in total)',
  },
} satisfies Flags;

/** Flags of `create`. */
export const createFlags = { ...common } as const satisfies Flags;

/** Flags of `run`. */
export const runFlags = {
  ...common,
  detach: { kind: 'switch', short: 'd', help: "detach from the container's process" },
  keep: { kind: 'switch', help: 'do not delete the container after it exits' },
  'no-subreaper': { kind: 'switch', help: 'do not become the reaper of orphaned processes' },
} as const satisfies Flags;

/** Flags of `exec`. */
export const execFlags = {
  'console-socket': { kind: 'text', help: "path to a socket that is sent the terminal's master" },
  'pidfd-socket': { kind: 'text', help: 'path to a socket that is sent a pidfd of the process' },
  cwd: { kind: 'text', help: 'working directory in the container' },
  env: { kind: 'list', short: 'e', help: 'set an environment variable' },
  tty: { kind: 'switch', short: 't', help: 'allocate a terminal' },
  user: { kind: 'text', short: 'u', help: 'uid[:gid]' },
  'additional-gids': { kind: 'list', short: 'g', help: 'additional group ids' },
  process: { kind: 'text', short: 'p', help: 'path to a process.json' },
  detach: { kind: 'switch', short: 'd', help: "detach from the container's process" },
  'pid-file': { kind: 'text', help: 'file to write the process id to' },
  'process-label': { kind: 'text', help: 'SELinux label of the process' },
  apparmor: { kind: 'text', help: 'AppArmor profile of the process' },
  'no-new-privs': { kind: 'switch', help: 'set no_new_privs' },
  cap: { kind: 'list', short: 'c', help: 'add a capability to the bounding set' },
  'preserve-fds': { kind: 'number', initial: 0, help: 'pass N additional descriptors to the process' },
  cgroup: { kind: 'list', help: 'run in a sub-cgroup of the container: [controller[,controller...]:]path' },
  'ignore-paused': { kind: 'switch', help: 'allow in a paused container' },
} as const satisfies Flags;

/** Flags of `kill`. */
export const killFlags = {
  all: { kind: 'switch', short: 'a', help: 'send the signal to all processes of the container' },
} as const satisfies Flags;

/** Flags of `delete`. */
export const deleteFlags = {
  force: {
    kind: 'switch',
    short: 'f',
    help: 'kill a running container first; nothing is wrong when there is none',
  },
} as const satisfies Flags;
