import { AT } from '../uapi/fcntl.js';
import { STATX } from '../uapi/stat.js';
import { parseStatfs, type Statfs, STATFS_SIZE } from '../uapi/statfs.js';
import { parseStatx, type Statx, STATX_SIZE } from '../uapi/statx.js';
import { type CallPurpose, syscall } from './native.js';

/**
 * What the kernel knows of a file. See statx(2), Linux 4.11.
 *
 * @param path - Symbolic links at its end are not followed. Empty means `dirFd` itself.
 * @param options - `mask`: which members are wanted (default `STATX_BASIC_STATS` and `STATX_MNT_ID`).
 */
export function statx(
  path: string,
  options: { readonly dirFd?: number | undefined; readonly mask?: number | undefined } = {},
): Statx {
  const { dirFd = AT.AT_FDCWD, mask = STATX.STATX_BASIC_STATS | STATX.STATX_MNT_ID } = options;
  const flags = AT.AT_SYMLINK_NOFOLLOW | (path === '' ? AT.AT_EMPTY_PATH : 0);
  const buffer = Buffer.alloc(STATX_SIZE);
  const purpose: CallPurpose = { what: path === '' ? `stat descriptor ${dirFd}` : `stat ${path}`, path };
  syscall(purpose, 'statx', dirFd, path, flags, mask, buffer);
  return parseStatx(buffer);
}

/**
 * The file system that a descriptor's file is on. See fstatfs(2).
 *
 * @remarks
 * Works on `O_PATH` descriptors: compare `type` with `MAGIC` before trusting a file of `/proc` or `/sys`.
 */
export function fstatfs(fd: number): Statfs {
  const buffer = Buffer.alloc(STATFS_SIZE);
  syscall(`get the file system of descriptor ${fd}`, 'fstatfs', fd, buffer);
  return parseStatfs(buffer);
}
