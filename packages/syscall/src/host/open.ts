import { ERRNO } from '../uapi/errno.js';
import { AT, O } from '../uapi/fcntl.js';
import { RESOLVE } from '../uapi/openat2.js';
import { failsWith } from './attempt.js';
import { OwnedFd } from './fd.js';
import { type CallPurpose, syscall } from './native.js';

/** `struct open_how`, and where the path starts. */
export interface OpenHow {
  /** A directory; the working directory when absent. An absolute path starts at its root only with `RESOLVE_IN_ROOT`. */
  readonly dirFd?: number | undefined;
  /** `O_*`. `O_CLOEXEC` and `O_LARGEFILE` are added. */
  readonly flags: number;
  /** Permission bits of a file that is created. The umask applies. */
  readonly mode?: number | undefined;
  /** `RESOLVE_*`. */
  readonly resolve?: number | undefined;
}

/** How often a walk that raced with a rename or a mount is repeated before the caller hears of it. */
const RACES = 32;

/**
 * Open a file with control over how its path is walked. See openat2(2), Linux 5.6.
 *
 * @remarks
 * Closed by the caller. With `RESOLVE_IN_ROOT` or `RESOLVE_BENEATH` the kernel answers EAGAIN when `..` raced with a
 * rename or a mount elsewhere: that is retried.
 *
 * @throws SyscallError ENOENT, ENOTDIR, EACCES; ELOOP for a symbolic link or magic link that `resolve` forbids; EXDEV
 * when the path leaves the directory under `RESOLVE_BENEATH` or `RESOLVE_NO_XDEV`.
 *
 * @example A file of a container's root, whatever its symbolic links say
 * ```ts
 * using passwd = openat2('/etc/passwd', {
 *   dirFd: root.fd,
 *   flags: O.O_RDONLY,
 *   resolve: RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS,
 * });
 * ```
 */
export function openat2(path: string, how: OpenHow): OwnedFd {
  const { dirFd = AT.AT_FDCWD, flags, mode = 0, resolve = 0 } = how;
  const buffer = Buffer.alloc(24);
  // O_PATH refuses O_LARGEFILE and means it anyway.
  const large = (flags & O.O_PATH) === 0 ? O.O_LARGEFILE : 0;
  buffer.writeBigUInt64LE(BigInt(flags | O.O_CLOEXEC | large), 0);
  buffer.writeBigUInt64LE(BigInt(mode), 8);
  buffer.writeBigUInt64LE(BigInt(resolve), 16);
  const purpose: CallPurpose = { what: `open ${path}`, path };
  const open = (): number => syscall(purpose, 'openat2', dirFd, path, buffer, buffer.length);
  const races = (resolve & (RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_BENEATH)) === 0 ? 0 : RACES;
  for (let race = 0; race < races; race++) {
    const fd = failsWith([ERRNO.EAGAIN], open);
    if (fd !== undefined) return new OwnedFd(fd);
  }
  return new OwnedFd(open());
}

/**
 * A handle on a file without opening it: for `/proc/self/fd`, `*at` calls and mounts. See open(2), `O_PATH`.
 *
 * @param options - `dirFd` and `resolve` as in {@link OpenHow}; `flags` such as `O_DIRECTORY` and `O_NOFOLLOW`.
 */
export function openPath(path: string, options: Partial<OpenHow> = {}): OwnedFd {
  return openat2(path, { ...options, flags: (options.flags ?? 0) | O.O_PATH });
}
