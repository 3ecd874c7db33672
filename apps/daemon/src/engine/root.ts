import { chmod, chown, lchown, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { RootSpec } from '@ns/execdriver';
import { mapId } from '@ns/namespaces';
import { S } from '@ns/syscall';

import type { ManagedContainer } from './container.js';
import type { EngineContext } from './context.js';
import { invalid } from './errors.js';
import type { ContainerPaths } from './paths.js';
import type { ContainerRecord } from './record.js';
import type { ContainerIds } from './user-remap.js';

/**
 * Check a directory that shall be a container's root.
 *
 * @returns Its real path.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when it is relative, missing, or not a directory.
 */
export async function checkRootDirectory(path: string): Promise<string> {
  const operation = 'HostConfig.NsRootfs';
  const hint = 'Give the absolute path of a directory that holds a root file system.';
  if (!path.startsWith('/') || path.includes('\0'))
    throw invalid(operation, `'${path}' is not an absolute path`, hint);
  const real = await realpath(path).catch(() => undefined);
  const info = real === undefined ? undefined : await stat(real).catch(() => undefined);
  if (real === undefined || info === undefined) throw invalid(operation, `${path} does not exist`, hint);
  if (!info.isDirectory()) throw invalid(operation, `${path} is not a directory`, hint);
  return real;
}

/** What stands for the root of a container that is not created yet. */
export const standInRoot = ({ paths, record }: ManagedContainer): RootSpec => ({
  kind: 'overlay',
  lower: ['/'],
  upper: paths.upper,
  work: paths.work,
  ...mapped(record),
});

const mapped = ({ ids }: ContainerRecord): { readonly idMap?: ContainerIds } =>
  ids === undefined ? {} : { idMap: ids };

/** Make the writable layer of a new container. */
export async function createRoot(context: EngineContext, { id, root, ids }: ContainerRecord): Promise<void> {
  if (root.kind !== 'image') return;
  const { upper } = await context.images.createSnapshot(root.id, id);
  if (ids !== undefined) await shiftOwners(upper, ids);
}

/** A writable layer has the owners that it is seen with. It is new: there is little in it. */
async function shiftOwners(path: string, ids: ContainerIds): Promise<void> {
  const { uid, gid, mode } = await lstat(path);
  await lchown(path, mapId(ids.uids, uid), mapId(ids.gids, gid));
  if ((mode & S.S_IFMT) !== S.S_IFDIR) return;
  await chmod(path, mode & 0o7777);
  for (const name of await readdir(path)) await shiftOwners(join(path, name), ids);
}

/** Remove a container's writable layer; what is in its own directory goes with that. */
export async function removeRoot(context: EngineContext, { id, root }: ContainerRecord): Promise<void> {
  if (root.kind === 'image') await context.images.removeSnapshot(id);
}

/** The root as the driver is told, ready to be mounted. */
export async function findRoot(
  context: EngineContext,
  record: ContainerRecord,
  { upper, work }: ContainerPaths,
): Promise<RootSpec> {
  const { id, root } = record;
  const kind = 'overlay';
  if (root.kind === 'image') {
    const snapshot = await context.images.snapshot(id);
    return { kind, lower: snapshot.lower, upper: snapshot.upper, work: snapshot.work, ...mapped(record) };
  }
  const lower = [root.path];
  // The kernel refuses an upper directory that lies in a lower one: changes are kept in memory, and end with the run.
  if (await holds(root.path, context.paths.dataRoot))
    return { kind, lower, tmpfsUpper: true, ...mapped(record) };
  await makeUpper(root.path, upper, work, record.ids);
  return { kind, lower, upper, work, ...mapped(record) };
}

/** Whether `inner` lies in `outer`, on the same file system. */
async function holds(outer: string, inner: string): Promise<boolean> {
  const real = await realpath(inner);
  if (real !== outer && !real.startsWith(outer === '/' ? '/' : `${outer}/`)) return false;
  const [a, b] = await Promise.all([stat(outer), stat(real)]);
  return a.dev === b.dev;
}

/** The root of an overlay has the mode and owner of its upper directory. */
async function makeUpper(lower: string, upper: string, work: string, ids?: ContainerIds): Promise<void> {
  await mkdir(work, { recursive: true, mode: 0o700 });
  if ((await mkdir(upper, { recursive: true, mode: 0o755 })) === undefined) return;
  const { uid, gid, mode } = await stat(lower);
  await chown(upper, mapId(ids?.uids ?? [], uid), mapId(ids?.gids ?? [], gid));
  await chmod(upper, mode & 0o7777);
}

/** Where what a container has changed is, on disk; undefined when it is in memory. */
export async function upperOf(
  context: EngineContext,
  { id, root }: ContainerRecord,
  paths: ContainerPaths,
): Promise<string> {
  return root.kind === 'image' ? (await context.images.snapshot(id)).upper : paths.upper;
}
