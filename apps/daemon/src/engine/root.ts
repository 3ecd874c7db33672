import { chmod, chown, mkdir, realpath, stat } from 'node:fs/promises';

import type { RootSpec } from '@ns/execdriver';

import type { EngineContext } from './context.js';
import { invalid } from './errors.js';
import type { ContainerPaths } from './paths.js';
import type { RootSource } from './record.js';

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

/** What is below the container's own changes, as the driver is told. Nothing is made. */
export async function planRoot(
  context: EngineContext,
  source: RootSource,
  paths: ContainerPaths,
): Promise<RootSpec> {
  const lower = source.kind === 'image' ? await context.images.layers(source.id) : [source.path];
  if (source.kind === 'directory' && (await holds(source.path, context.paths.dataRoot))) {
    // The kernel refuses an upper directory that lies in a lower one: changes are kept in memory, and end with the run.
    return { kind: 'overlay', lower, tmpfsUpper: true };
  }
  return { kind: 'overlay', lower, upper: paths.upper, work: paths.work };
}

/** Whether `inner` lies in `outer`, on the same file system. */
async function holds(outer: string, inner: string): Promise<boolean> {
  const real = await realpath(inner);
  if (real !== outer && !real.startsWith(outer === '/' ? '/' : `${outer}/`)) return false;
  const [a, b] = await Promise.all([stat(outer), stat(real)]);
  return a.dev === b.dev;
}

/** Make the directories that `planRoot` names. The root of an overlay has the mode and owner of its upper directory. */
export async function makeRoot(root: RootSpec): Promise<void> {
  if (root.kind !== 'overlay' || root.upper === undefined || root.work === undefined) return;
  await mkdir(root.work, { recursive: true, mode: 0o700 });
  if ((await mkdir(root.upper, { recursive: true, mode: 0o755 })) === undefined) return;
  const top = await stat(root.lower[0] as string);
  await chown(root.upper, top.uid, top.gid);
  await chmod(root.upper, top.mode & 0o7777);
}
