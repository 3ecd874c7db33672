import { chmod, chown, mkdir, realpath, stat } from 'node:fs/promises';

import type { RootSpec } from '@ns/execdriver';

import type { EngineContext } from './context.js';
import { invalid } from './errors.js';
import type { ContainerPaths } from './paths.js';
import type { ContainerRecord } from './record.js';

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
export const standInRoot = ({ upper, work }: ContainerPaths): RootSpec => ({
  kind: 'overlay',
  lower: ['/'],
  upper,
  work,
});

/** Make the writable layer of a new container. */
export async function createRoot(context: EngineContext, { id, root }: ContainerRecord): Promise<void> {
  if (root.kind === 'image') await context.images.createSnapshot(root.id, id);
}

/** Remove a container's writable layer; what is in its own directory goes with that. */
export async function removeRoot(context: EngineContext, { id, root }: ContainerRecord): Promise<void> {
  if (root.kind === 'image') await context.images.removeSnapshot(id);
}

/** The root as the driver is told, ready to be mounted. */
export async function findRoot(
  context: EngineContext,
  { id, root }: ContainerRecord,
  { upper, work }: ContainerPaths,
): Promise<RootSpec> {
  if (root.kind === 'image') {
    const snapshot = await context.images.snapshot(id);
    return { kind: 'overlay', lower: snapshot.lower, upper: snapshot.upper, work: snapshot.work };
  }
  const lower = [root.path];
  // The kernel refuses an upper directory that lies in a lower one: changes are kept in memory, and end with the run.
  if (await holds(root.path, context.paths.dataRoot)) return { kind: 'overlay', lower, tmpfsUpper: true };
  await makeUpper(root.path, upper, work);
  return { kind: 'overlay', lower, upper, work };
}

/** Whether `inner` lies in `outer`, on the same file system. */
async function holds(outer: string, inner: string): Promise<boolean> {
  const real = await realpath(inner);
  if (real !== outer && !real.startsWith(outer === '/' ? '/' : `${outer}/`)) return false;
  const [a, b] = await Promise.all([stat(outer), stat(real)]);
  return a.dev === b.dev;
}

/** The root of an overlay has the mode and owner of its upper directory. */
async function makeUpper(lower: string, upper: string, work: string): Promise<void> {
  await mkdir(work, { recursive: true, mode: 0o700 });
  if ((await mkdir(upper, { recursive: true, mode: 0o755 })) === undefined) return;
  const { uid, gid, mode } = await stat(lower);
  await chown(upper, uid, gid);
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
