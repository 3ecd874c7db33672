import { ERRNO, failsWith, LIMITS, syscall } from '@ns/syscall';

import { type ByteString, cBytes } from '../byte-string.js';
import type { Purpose } from './calls.js';

/** Set an extended attribute of an open file. See fsetxattr(2). */
export function setXattr(purpose: Purpose, fd: number, name: ByteString, value: Uint8Array): void {
  syscall(purpose, 'fsetxattr', fd, cBytes(name), value, value.length, 0);
}

/**
 * Set an extended attribute of something that cannot be opened: a symbolic link, a device, a FIFO.
 *
 * @remarks
 * There is no `setxattrat(2)` before Linux 6.13: the directory is named through `/proc/self/fd`, which leads to the
 * open directory itself. The name in it is not followed.
 */
export function setXattrAt(
  purpose: Purpose,
  dirFd: number,
  file: ByteString,
  name: ByteString,
  value: Uint8Array,
): void {
  const path = cBytes(`/proc/self/fd/${dirFd}/${file}`);
  syscall(purpose, 'lsetxattr', path, cBytes(name), value, value.length, 0);
}

/** The value of an extended attribute of an open file; undefined when it has none of that name. */
export function getXattr(purpose: Purpose, fd: number, name: ByteString): Buffer | undefined {
  const value = Buffer.allocUnsafe(LIMITS.XATTR_SIZE_MAX);
  const length = failsWith([ERRNO.ENODATA, ERRNO.EOPNOTSUPP], () =>
    syscall(purpose, 'fgetxattr', fd, cBytes(name), value, value.length),
  );
  return length === undefined ? undefined : Buffer.from(value.subarray(0, length));
}

/** The names of the extended attributes of an open file. See flistxattr(2). */
export function listXattrs(purpose: Purpose, fd: number): ByteString[] {
  const list = Buffer.allocUnsafe(LIMITS.XATTR_LIST_MAX);
  const length = failsWith([ERRNO.EOPNOTSUPP], () => syscall(purpose, 'flistxattr', fd, list, list.length));
  return length === undefined ? [] : list.toString('latin1', 0, length).split('\0').filter(Boolean);
}
