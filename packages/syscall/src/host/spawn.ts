import { cString, native, syscallError } from './native.js';
import { dupAtLeast, type OwnedFd } from './fd.js';

/** What to start, and what it gets. */
export interface SpawnOptions {
  /** The program's arguments, its name first. */
  readonly argv: readonly string[];
  /** `NAME=value`. Empty when absent: nothing is inherited. */
  readonly envp?: readonly string[] | undefined;
  /** The child's descriptors: its number, then ours. 0, 1 and 2 are closed when they are not named. */
  readonly fds: ReadonlyMap<number, number> | Readonly<Record<number, number>>;
  /** Start a session of its own. See setsid(2). */
  readonly newSession?: boolean | undefined;
}

/** `<spawn.h>`, the same in glibc and musl. */
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;

/** More than `posix_spawnattr_t` (336 bytes), `posix_spawn_file_actions_t` (80) and `sigset_t` (128) need. */
const OPAQUE_SIZE = 512;

/**
 * Start a program by its path. See posix_spawn(3).
 *
 * @remarks
 * The child shares our memory until it executes, so the cost does not grow with this process.
 *
 * - The child has the descriptors in `fds`, at their numbers, and no others: all descriptors of this process must be
 *   close-on-exec, as those of Node and of this package are. See `setCloexecFrom`.
 * - Signals have their default action and none is blocked, whatever Node does with its own.
 * - The child is ours to wait for with `waitPid` or `waitPidfd`: neither Node nor libuv know of it.
 *
 * @param path - Not searched in PATH. `/proc/self/fd/N` starts the file of descriptor N, also a close-on-exec one.
 * @returns The child's pid.
 * @throws SyscallError what execve(2) said: ENOENT, EACCES, ENOEXEC, E2BIG…; EAGAIN when no process can be created.
 */
export function spawn(path: string, options: SpawnOptions): number {
  const { argv, envp = [], newSession = false } = options;
  const purpose = { what: `start ${path}`, path };
  for (const text of [path, ...argv, ...envp]) cString(purpose, text);
  const libc = library();
  const actions = Buffer.alloc(OPAQUE_SIZE);
  const attributes = Buffer.alloc(OPAQUE_SIZE);
  const pid = Buffer.alloc(4);
  const copies: OwnedFd[] = [];
  const must = (errno: number, call: string): void => {
    if (errno !== 0) throw syscallError(purpose, call, errno);
  };
  must(libc.actionsInit(actions), 'posix_spawn_file_actions_init');
  try {
    must(libc.attributesInit(attributes), 'posix_spawnattr_init');
    must(libc.setSigdefault(attributes, Buffer.alloc(OPAQUE_SIZE, 0xff)), 'posix_spawnattr_setsigdefault');
    must(libc.setSigmask(attributes, Buffer.alloc(OPAQUE_SIZE)), 'posix_spawnattr_setsigmask');
    const session = newSession ? POSIX_SPAWN_SETSID : 0;
    must(
      libc.setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | session),
      'posix_spawnattr_setflags',
    );
    const targets = descriptorMap(options.fds);
    // Sources lie above every target: a dup2 in the child cannot overwrite the source of a later one, and none is a
    // dup2 onto itself, which would leave close-on-exec set.
    const above = Math.max(-1, ...targets.keys()) + 1;
    const lift = (source: number): number => {
      if (source >= above) return source;
      const copy = dupAtLeast(source, above);
      copies.push(copy);
      return copy.fd;
    };
    for (const [target, source] of targets) {
      must(libc.addDup2(actions, lift(source), target), 'posix_spawn_file_actions_adddup2');
    }
    // The program's own descriptor is looked up after all of them.
    const [, own] = /^\/proc\/self\/fd\/(\d+)$/.exec(path) ?? [];
    const file = own === undefined ? path : `/proc/self/fd/${lift(Number(own))}`;
    for (const stdio of [0, 1, 2]) {
      if (!targets.has(stdio)) must(libc.addClose(actions, stdio), 'posix_spawn_file_actions_addclose');
    }
    must(libc.spawn(pid, file, actions, attributes, [...argv, null], [...envp, null]), 'posix_spawn');
    return pid.readInt32LE(0);
  } finally {
    libc.actionsDestroy(actions);
    for (const copy of copies) copy.close();
  }
}

const descriptorMap = (fds: SpawnOptions['fds']): ReadonlyMap<number, number> =>
  fds instanceof Map
    ? fds
    : new Map(Object.entries(fds).map(([target, source]) => [Number(target), Number(source)]));

type Strings = readonly (string | null)[];

/** The functions of `<spawn.h>`. All return an error number. */
interface SpawnLibrary {
  readonly actionsInit: (actions: Buffer) => number;
  readonly actionsDestroy: (actions: Buffer) => number;
  readonly addDup2: (actions: Buffer, fd: number, target: number) => number;
  readonly addClose: (actions: Buffer, fd: number) => number;
  readonly attributesInit: (attributes: Buffer) => number;
  readonly setFlags: (attributes: Buffer, flags: number) => number;
  readonly setSigdefault: (attributes: Buffer, signals: Buffer) => number;
  readonly setSigmask: (attributes: Buffer, signals: Buffer) => number;
  readonly spawn: (
    pid: Buffer,
    path: string,
    actions: Buffer,
    attributes: Buffer,
    argv: Strings,
    envp: Strings,
  ) => number;
}

let loaded: SpawnLibrary | undefined;

function library(): SpawnLibrary {
  loaded ??= loadLibrary();
  return loaded;
}

function loadLibrary(): SpawnLibrary {
  const { libc } = native();
  const actions = 'posix_spawn_file_actions';
  const strings = 'const char **';
  return {
    actionsInit: libc.func(`${actions}_init`, 'int', ['void *']),
    actionsDestroy: libc.func(`${actions}_destroy`, 'int', ['void *']),
    addDup2: libc.func(`${actions}_adddup2`, 'int', ['void *', 'int', 'int']),
    addClose: libc.func(`${actions}_addclose`, 'int', ['void *', 'int']),
    attributesInit: libc.func('posix_spawnattr_init', 'int', ['void *']),
    setFlags: libc.func('posix_spawnattr_setflags', 'int', ['void *', 'short']),
    setSigdefault: libc.func('posix_spawnattr_setsigdefault', 'int', ['void *', 'void *']),
    setSigmask: libc.func('posix_spawnattr_setsigmask', 'int', ['void *', 'void *']),
    spawn: libc.func('posix_spawn', 'int', ['void *', 'str', 'void *', 'void *', strings, strings]),
  };
}
