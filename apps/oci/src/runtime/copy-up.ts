import {
  chmodSync,
  closeSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  type Stats,
} from 'node:fs';

import { isErrno } from '@ns/errors';
import {
  AT,
  createMount,
  MOUNT_ATTR,
  O,
  openat2,
  RESOLVE,
  setMountAttributes,
  syscall,
  type OwnedFd,
} from '@ns/syscall';

import type { OciMount } from '../plan.js';

/**
 * A tmpfs that is mounted nowhere, filled with what the root has at its place (`tmpcopyup`).
 *
 * @remarks
 * The place is looked up by the kernel inside the root, and walked by descriptors' own paths: what an image has there
 * leads nowhere else. Sockets and devices are left out.
 *
 * @param owner - Whom a root directory that is not in the image belongs to.
 */
export function filledTmpfs(mount: OciMount, rootFd: number, owner: { uid: number; gid: number }): OwnedFd {
  const options = Object.fromEntries(
    mount.data.map((option): [string, string | true] => {
      const equals = option.indexOf('=');
      return equals === -1 ? [option, true] : [option.slice(0, equals), option.slice(equals + 1)];
    }),
  );
  const readonly = mount.attributes.set & MOUNT_ATTR.MOUNT_ATTR_RDONLY;
  const made = createMount('tmpfs', { source: mount.source, ...options }, mount.attributes.set & ~readonly);
  try {
    const to = `/proc/self/fd/${made.fd}`;
    using from = openInRoot(mount.target, rootFd);
    if (from === undefined) lchown(`${to}/.`, owner);
    else {
      const path = `/proc/self/fd/${from.fd}`;
      copyDirectory(path, to);
      // A mode that was asked for counts for more than the image's.
      if (options['mode'] === undefined) copyOwnership(`${path}/.`, `${to}/.`);
    }
    if (readonly !== 0) setMountAttributes('', { dirFd: made.fd, set: readonly });
    return made;
  } catch (error) {
    made.close();
    throw error;
  }
}

function openInRoot(target: string, rootFd: number): OwnedFd | undefined {
  try {
    return openat2(target.slice(1), {
      dirFd: rootFd,
      flags: O.O_RDONLY | O.O_DIRECTORY,
      resolve: RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS,
    });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function copyDirectory(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const source = `${from}/${name}`;
    const target = `${to}/${name}`;
    const status = lstatSync(source);
    if (status.isSymbolicLink()) {
      symlinkSync(readlinkSync(source, 'buffer'), target);
      lchown(target, status);
    } else if (status.isDirectory()) {
      mkdirSync(target, { mode: 0o700 });
      copyDirectory(source, target);
      copyOwnership(source, target);
    } else if (status.isFile()) {
      // Not through a link that has come there since.
      const file = openSync(source, O.O_RDONLY | O.O_NOFOLLOW);
      try {
        copyFileSync(`/proc/self/fd/${file}`, target);
      } finally {
        closeSync(file);
      }
      copyOwnership(source, target);
    } else if (status.isFIFO()) {
      syscall(`create ${target}`, 'mknodat', AT.AT_FDCWD, target, status.mode, 0);
      copyOwnership(source, target);
    }
  }
}

function copyOwnership(from: string, to: string): void {
  const status = lstatSync(from);
  lchown(to, status);
  chmodSync(to, status.mode & 0o7777);
  utimesSync(to, status.atime, status.mtime);
}

function lchown(path: string, { uid, gid }: Pick<Stats, 'uid' | 'gid'>): void {
  try {
    lchownSync(path, uid, gid);
  } catch (error) {
    // Without the right to give files away they are our own.
    if (!isErrno(error, 'EPERM', 'EINVAL')) throw error;
  }
}
