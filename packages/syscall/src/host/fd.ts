import { NsError } from '@ns/errors';

import { CLOSE_RANGE } from '../uapi/close-range.js';
import { ERRNO } from '../uapi/errno.js';
import { F, FD, O } from '../uapi/fcntl.js';
import { syscall } from './native.js';

/**
 * A file descriptor with an owner, who closes it.
 *
 * @example
 * ```ts
 * {
 *   using file = openPath('/etc/hostname');
 *   fstatfs(file.fd);
 * } // closed here
 * ```
 */
export class OwnedFd implements Disposable {
  #fd: number;

  /** Takes over a descriptor that nobody else will close. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * The descriptor's number.
   *
   * @throws NsError `ERR_NS_INVALID_ARGUMENT` after {@link close} or {@link take}: the number may be another file by now.
   */
  get fd(): number {
    if (this.#fd >= 0) return this.#fd;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'file descriptor',
      message: 'used after it was closed or given away',
    });
  }

  /** False after {@link close} or {@link take}. */
  get isOpen(): boolean {
    return this.#fd >= 0;
  }

  /** Gives the descriptor away: the caller closes it. */
  take(): number {
    const { fd } = this;
    this.#fd = -1;
    return fd;
  }

  /**
   * Close the descriptor, once. See close(2).
   *
   * @throws SyscallError EBADF when somebody else closed it, which is a bug there; EIO, ENOSPC, EDQUOT when data
   * written earlier could not be stored. The descriptor is gone in any case.
   */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.take();
    syscall(`close descriptor ${fd}`, 'close', fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A duplicate whose number is `minimum` or more, close-on-exec. See fcntl(2), `F_DUPFD_CLOEXEC`.
 *
 * @remarks
 * High numbers keep out of the way of the descriptors that a child gets at fixed places.
 *
 * @throws SyscallError EINVAL when `minimum` is at or above RLIMIT_NOFILE; EMFILE when there is no number left.
 */
export function dupAtLeast(fd: number, minimum = 64): OwnedFd {
  return new OwnedFd(syscall(`duplicate descriptor ${fd}`, 'fcntl', fd, F.F_DUPFD_CLOEXEC, minimum));
}

/** Set or clear the close-on-exec flag of a descriptor. See fcntl(2), `F_SETFD`. */
export function setCloexec(fd: number, on: boolean): void {
  syscall(`set close-on-exec of descriptor ${fd}`, 'fcntl', fd, F.F_SETFD, on ? FD.FD_CLOEXEC : 0);
}

/**
 * Set the close-on-exec flag of every descriptor of this process from `first` on.
 *
 * @remarks
 * For a program that inherited descriptors it knows nothing of, before it starts others. Uses close_range(2) with
 * `CLOSE_RANGE_CLOEXEC`.
 *
 * @throws SyscallError EINVAL before Linux 5.11.
 */
export function setCloexecFrom(first: number): void {
  const flags = CLOSE_RANGE.CLOSE_RANGE_CLOEXEC;
  syscall(`set close-on-exec from descriptor ${first}`, 'close_range', first, 0xffff_ffff, flags);
}

/**
 * Set or clear non-blocking mode. See fcntl(2), `O_NONBLOCK`.
 *
 * @remarks
 * The mode belongs to the open file: every duplicate, in whatever process, changes with it.
 */
export function setNonblocking(fd: number, on: boolean): void {
  const what = `set the blocking mode of descriptor ${fd}`;
  const flags = syscall(what, 'fcntl', fd, F.F_GETFL);
  const wanted = on ? flags | O.O_NONBLOCK : flags & ~O.O_NONBLOCK;
  if (wanted !== flags) syscall(what, 'fcntl', fd, F.F_SETFL, wanted);
}

/**
 * Read what is there, at most `maxBytes`. See read(2).
 *
 * @returns An empty buffer at the end of the file; `undefined` when a non-blocking descriptor has nothing yet.
 */
export function readAvailable(fd: number, maxBytes: number): Buffer | undefined {
  const buffer = Buffer.allocUnsafe(maxBytes);
  // That there is nothing is the usual answer in an event loop: it must not cost an error with its stack.
  const purpose = { what: `read descriptor ${fd}`, expected: [ERRNO.EAGAIN] };
  const count = syscall(purpose, 'read', fd, buffer, maxBytes);
  return count < 0 ? undefined : buffer.subarray(0, count);
}

/**
 * Read to the end of the file.
 *
 * @remarks
 * Blocks on a pipe until its writers are gone. On a non-blocking descriptor without data it fails with EAGAIN: use
 * {@link readAvailable}.
 *
 * @param maxBytes - The most that is accepted.
 * @throws NsError `ERR_NS_CORRUPT` when there is more.
 */
export function readAll(fd: number, maxBytes: number): Buffer {
  // Most files are small: what is first asked for comes out of Node's pool. One byte beyond the limit tells a full
  // buffer from too much.
  let buffer = Buffer.allocUnsafe(Math.min(FIRST_READ, maxBytes + 1));
  let total = 0;
  for (;;) {
    const rest = buffer.subarray(total);
    const count = syscall(`read descriptor ${fd}`, 'read', fd, rest, rest.length);
    total += count;
    if (total > maxBytes) {
      throw new NsError('ERR_NS_CORRUPT', {
        operation: `read descriptor ${fd}`,
        message: `more than the ${maxBytes} bytes that are accepted`,
      });
    }
    if (count === 0) return buffer.subarray(0, total);
    if (total < buffer.length) continue;
    const larger = Buffer.allocUnsafe(Math.min(total * 8, maxBytes + 1));
    buffer.copy(larger);
    buffer = larger;
  }
}

const FIRST_READ = 2048;

/** Write all of the bytes to a blocking descriptor. See write(2). */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0)
    rest = rest.subarray(syscall(`write descriptor ${fd}`, 'write', fd, rest, rest.length));
}
