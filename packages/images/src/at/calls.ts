/**
 * Calls that act on a name in an open directory.
 *
 * Names are bytes with a NUL, from `cBytes`. Except for {@link openInRoot} none holds a slash, so that nothing is
 * walked: what a name meant when its directory was opened is what is acted on.
 */
import {
  AT,
  type CallPurpose,
  ERRNO,
  failsWith,
  O,
  OwnedFd,
  parseStatx,
  RESOLVE,
  S,
  STATX,
  STATX_SIZE,
  type Statx,
  syscall,
} from '@ns/syscall';

import type { TarTime } from '../tar/entry.js';

/** What a call is for: the operation with its object. */
export type Purpose = CallPurpose | string;

const NO_PATH = Buffer.from('\0');

/**
 * Open a path below a directory, taking symbolic links as a process would whose root that directory is.
 *
 * @param flags - `O_*`. With `O_NOFOLLOW` a link at the path's end is not followed.
 * @param resolve - `RESOLVE_*`, by default in the root and through no magic link.
 */
export function openInRoot(
  purpose: Purpose,
  rootFd: number,
  path: Uint8Array,
  flags: number,
  resolve: number = RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS,
): OwnedFd {
  const how = Buffer.alloc(24);
  how.writeUInt32LE((flags | O.O_CLOEXEC) >>> 0, 0);
  how.writeUInt32LE(resolve, 16);
  return new OwnedFd(syscall(purpose, 'openat2', rootFd, path, how, how.length));
}

/** Create a file that must not be there, for writing, readable by its owner only. */
export function createFile(purpose: Purpose, dirFd: number, name: Uint8Array): OwnedFd {
  const flags = O.O_WRONLY | O.O_CREAT | O.O_EXCL | O.O_NOFOLLOW | O.O_CLOEXEC | O.O_LARGEFILE;
  return new OwnedFd(syscall(purpose, 'openat', dirFd, name, flags, 0o600));
}

/** Create a directory that only its owner may enter. */
export function makeDirectory(purpose: Purpose, dirFd: number, name: Uint8Array): void {
  syscall(purpose, 'mkdirat', dirFd, name, 0o700);
}

/** What a name is: one of `S_IF*`; undefined when there is nothing. */
export function typeOf(purpose: Purpose, dirFd: number, name: Uint8Array): number | undefined {
  const stat = failsWith([ERRNO.ENOENT], () => statAt(purpose, dirFd, name, STATX.STATX_TYPE));
  return stat === undefined ? undefined : stat.mode & S.S_IFMT;
}

/** statx(2) of a name, not following a link. */
export function statAt(
  purpose: Purpose,
  dirFd: number,
  name: Uint8Array,
  mask: number = STATX.STATX_BASIC_STATS,
): Statx {
  const buffer = Buffer.alloc(STATX_SIZE);
  syscall(purpose, 'statx', dirFd, name, AT.AT_SYMLINK_NOFOLLOW, mask, buffer);
  return parseStatx(buffer);
}

/** statx(2) of an open file. */
export function statFd(purpose: Purpose, fd: number): Statx {
  const buffer = Buffer.alloc(STATX_SIZE);
  syscall(purpose, 'statx', fd, NO_PATH, AT.AT_EMPTY_PATH, STATX.STATX_BASIC_STATS, buffer);
  return parseStatx(buffer);
}

/** Remove a name that is no directory. */
export function unlink(purpose: Purpose, dirFd: number, name: Uint8Array): void {
  syscall(purpose, 'unlinkat', dirFd, name, 0);
}

/** Remove an empty directory. */
export function removeDirectory(purpose: Purpose, dirFd: number, name: Uint8Array): void {
  syscall(purpose, 'unlinkat', dirFd, name, AT.AT_REMOVEDIR);
}

/** Write all of the bytes to a file. */
export function writeFully(purpose: Purpose, fd: number, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(syscall(purpose, 'write', fd, rest, rest.length));
  }
}

/** Write all of the bytes at a place in a file. */
export function writeAtFully(purpose: Purpose, fd: number, bytes: Uint8Array, offset: number): void {
  let at = offset;
  for (let rest = bytes; rest.length > 0;) {
    const count = syscall(purpose, 'pwrite64', fd, rest, rest.length, at);
    rest = rest.subarray(count);
    at += count;
  }
}

const times = Buffer.alloc(32);

/** Set access and modification time. An undefined name means the open file itself. */
export function setTimes(purpose: Purpose, fd: number, name: Uint8Array | undefined, time: TarTime): void {
  for (const at of [0, 16]) {
    times.writeBigInt64LE(BigInt(time.seconds), at);
    times.writeUInt32LE(time.nanoseconds, at + 8);
  }
  syscall(purpose, 'utimensat', fd, name ?? null, times, name === undefined ? 0 : AT.AT_SYMLINK_NOFOLLOW);
}
