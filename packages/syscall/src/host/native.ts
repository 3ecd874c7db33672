import { NsError, SyscallError } from '@ns/errors';
import type Koffi from 'koffi';

import { ERRNO, errnoName, errnoText } from '../uapi/errno.js';
import { type Argument, argumentsText } from './arguments.js';
import { type HostSyscallName, syscallNumber } from './host-only.js';
import { loadKoffi } from './koffi.js';

/** What a call is for, as its error will say. */
export interface CallPurpose {
  /** The operation with its object: `mount proc on /proc`. */
  readonly what: string;
  /** The path the call is about. */
  readonly path?: string | undefined;
  /** By errno: what a user can do about the failure. */
  readonly hints?: Readonly<Record<string, string>> | undefined;
  /** Errnos that are an answer, not an error: the call returns them negated, and no error is made. */
  readonly expected?: readonly number[] | undefined;
}

type Word = number | bigint | Uint8Array | null;

interface Native {
  readonly koffi: typeof Koffi;
  readonly libc: ReturnType<typeof Koffi.load>;
  /** syscall(2) with all its arguments as words: koffi passes numbers as they are and buffers by address. */
  readonly invoke: (number: number, a: Word, b: Word, c: Word, d: Word, e: Word, f: Word) => number | bigint;
}

let loaded: Native | undefined;

/**
 * The C library of this process.
 *
 * @remarks
 * Loaded at the first call, so that importing the package needs neither Linux nor koffi's native module.
 *
 * @throws NsError `ERR_NS_UNSUPPORTED` on another system than Linux on x86-64 or aarch64.
 */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'syscall',
      message: `no system calls on ${process.platform} ${process.arch}: Linux on x86-64 or aarch64 is needed`,
    });
  }
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  const word = 'void *';
  const invoke: Native['invoke'] = libc.func('syscall', 'long', ['long', word, word, word, word, word, word]);
  return { koffi, libc, invoke };
}

/** Calls that a signal may interrupt before they did anything. Not close(2): on Linux the descriptor is gone. */
const RESTARTABLE: ReadonlySet<HostSyscallName> = new Set<HostSyscallName>([
  'fcntl',
  'ftruncate',
  'openat2',
  'read',
  'recvmsg',
  'sendmsg',
  'splice',
  'wait4',
  'waitid',
  'write',
]);

/**
 * Make a system call in this process.
 *
 * @remarks
 * The one place of the package where the kernel is called and errno is read. Strings are passed as NUL-terminated
 * UTF-8, buffers by address. A call that blocks stops the event loop. EINTR is retried where the call can be
 * repeated as it stands.
 *
 * @param purpose - What the call is for, or just its `what`.
 * @returns What the kernel returned: zero or more; or an expected errno, negated.
 * @throws SyscallError with the decoded arguments.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a string that holds a NUL.
 *
 * @example
 * ```ts
 * syscall('make the mounts of this thread its own', 'unshare', CLONE.CLONE_NEWNS);
 * ```
 */
export function syscall(
  purpose: CallPurpose | string,
  name: HostSyscallName,
  ...args: readonly Argument[]
): number {
  const { koffi, invoke } = native();
  const number = syscallNumber(name);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args.map((arg) => toWord(purpose, arg));
  for (;;) {
    const result = invoke(number, a, b, c, d, e, f);
    const errno = result === -1 ? koffi.errno() : 0;
    if (errno === 0) return Number(result);
    if (errno === ERRNO.EINTR && RESTARTABLE.has(name)) continue;
    if (typeof purpose === 'object' && purpose.expected?.includes(errno)) return -errno;
    throw syscallError(purpose, name, errno, argumentsText(name, args));
  }
}

/** The error of a call that answered `errno`. */
export function syscallError(
  purpose: CallPurpose | string,
  name: string,
  errno: number,
  args?: string,
): SyscallError {
  const { what, path, hints } = typeof purpose === 'string' ? { what: purpose } : purpose;
  const code = errnoName(errno);
  return new SyscallError({
    syscall: name,
    errno,
    code,
    description: errnoText(errno),
    what,
    args,
    path,
    hint: hints?.[code],
  });
}

/** A NUL-terminated string. */
export function cString(purpose: CallPurpose | string, text: string): Buffer {
  if (text.includes('\0')) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: typeof purpose === 'string' ? purpose : purpose.what,
      message: `${JSON.stringify(text)} holds a NUL, where the kernel would end it`,
    });
  }
  return Buffer.from(`${text}\0`);
}

const toWord = (purpose: CallPurpose | string, arg: Argument): Word =>
  typeof arg === 'string' ? cString(purpose, arg) : arg;
