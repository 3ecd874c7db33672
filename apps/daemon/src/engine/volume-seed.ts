import {
  chmod,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';

import { isErrno } from '@ns/errors';
import type { RootSpec } from '@ns/execdriver';
import { prepareRoot } from '@ns/namespaces';
import { failsWith, ERRNO, openPath, RESOLVE } from '@ns/syscall';

const DEFAULT_MODE = 0o755;

/**
 * Make a volume, and fill it with what the image has at its target: the owner and mode of the directory, and what is
 * in it. A volume that exists is left alone.
 *
 * @remarks
 * The image is looked at through a read-only overlay that nobody else sees, and the target is opened inside it
 * (openat2(2), `RESOLVE_IN_ROOT`), so that no link of the image leads out. Files keep owner, mode, times and links;
 * devices, sockets and extended attributes are not copied, and hard links become files of their own.
 */
export async function seedVolume(
  directory: string,
  root: RootSpec,
  target: string,
  owner: { readonly uid: number; readonly gid: number } = { uid: 0, gid: 0 },
): Promise<void> {
  if (await exists(directory)) return;
  await mkdir(dirname(directory), { recursive: true, mode: 0o711 });
  const temporary = await mkdtemp(`${directory}.`);
  try {
    if (!(await copyFromImage(root, target, temporary))) {
      await lchown(temporary, owner.uid, owner.gid);
      await chmod(temporary, DEFAULT_MODE);
    }
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** @returns False when the image has no such directory. */
async function copyFromImage(root: RootSpec, target: string, to: string): Promise<boolean> {
  const { lower, idMap } = root.kind === 'overlay' ? root : { lower: [root.path] };
  using image = prepareRoot({ kind: 'overlay', lower, ...(idMap === undefined ? {} : { idMap }) });
  if (image.fd === undefined) return false;
  const resolve = RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS;
  const dirFd = image.fd.fd;
  using source = failsWith([ERRNO.ENOENT, ERRNO.ENOTDIR], () => openPath(target, { dirFd, resolve }));
  if (source === undefined) return false;
  const path = `/proc/self/fd/${source.fd}`;
  const info = await stat(path);
  if (!info.isDirectory()) return false;
  // The slash makes the link of /proc a directory.
  await copyDirectory(`${path}/`, info, to);
  return true;
}

async function copyDirectory(from: string, info: Stats, to: string): Promise<void> {
  for (const name of await readdir(from)) await copyEntry(join(from, name), join(to, name));
  await keep(info, to);
}

async function copyEntry(from: string, to: string): Promise<void> {
  const info = await lstat(from);
  if (info.isDirectory()) {
    await mkdir(to, { mode: 0o700 });
    await copyDirectory(from, info, to);
  } else if (info.isSymbolicLink()) {
    await symlink(await readlink(from), to);
    await lchown(to, info.uid, info.gid);
  } else if (info.isFile()) {
    await copyFile(from, to);
    await keep(info, to);
  }
}

/** Owner first: changing it takes set-user-id bits away. */
async function keep(info: Stats, path: string): Promise<void> {
  await lchown(path, info.uid, info.gid);
  await chmod(path, info.mode & 0o7777);
  await lutimes(path, info.atime, info.mtime);
}

/** Remove a volume and everything in it. */
export async function removeVolume(directory: string): Promise<void> {
  try {
    await rm(dirname(directory), { recursive: true });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
