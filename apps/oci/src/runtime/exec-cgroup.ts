import { posix } from 'node:path';

import type { Cgroup, CgroupHierarchy, JoinHandle } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';

/** Groups below a container's own by controller; the one for all of them has the key `''`. */
export type SubCgroups = ReadonlyMap<string, string>;

const invalid = (message: string, hint?: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'exec', message: `--cgroup ${message}`, hint });

/**
 * Read `[controller[,controller...]:]path` of `exec --cgroup`, as runc does: one path for all controllers, or one for each.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function parseSubCgroups(given: readonly string[]): SubCgroups {
  const paths = new Map<string, string>();
  for (const text of given) {
    const [left = '', right, ...more] = text.split(':');
    const path = subPath(right ?? left, text);
    if (more.length > 0) throw invalid(`${JSON.stringify(text)} has more than one colon`);
    if (right === undefined && given.length > 1) {
      throw invalid(`${JSON.stringify(text)} names no controller`, 'write memory:/path, or give it once');
    }
    for (const controller of right === undefined ? [''] : left.split(',')) {
      if (controller === '' && right !== undefined)
        throw invalid(`${JSON.stringify(text)} has no name before the colon`);
      if (paths.has(controller)) throw invalid(`${controller} is given more than once`);
      paths.set(controller, path);
    }
  }
  return paths;
}

/** A path that stays below the container's group; its own is `''`. */
function subPath(path: string, text: string): string {
  if (path.split('/').includes('..')) throw invalid(`${JSON.stringify(text)} is not a sub cgroup path`);
  return posix.join('/', path).replace(/\/$/, '');
}

/**
 * Open the groups that `--cgroup` names.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when one is not there: the process would run without the container's limits.
 */
export function openSubCgroups(container: Cgroup, paths: SubCgroups): JoinHandle {
  const { hierarchies } = container.layout;
  const namesOf = ({ version, controllers, name }: CgroupHierarchy): readonly string[] =>
    version === 2 ? [''] : name === undefined ? controllers : [...controllers, name, `name=${name}`];
  const unknown = [...paths.keys()].find(
    (key) => key !== '' && !hierarchies.some((hierarchy) => namesOf(hierarchy).includes(key)),
  );
  if (unknown !== undefined) {
    throw invalid(`${unknown}: no hierarchy of version 1 has this controller`, 'leave the controller out');
  }
  const all = paths.get('') ?? '';
  const pathIn = (hierarchy: CgroupHierarchy): string =>
    container.path +
    (namesOf(hierarchy)
      .map((name) => paths.get(name))
      .find((path) => path !== undefined) ?? all);
  try {
    return container.openForJoin({ pathIn });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: 'exec',
      message: `--cgroup: ${(error as Error).message}`,
      hint: 'make the sub-cgroup first: exec joins one that exists',
      cause: error,
    });
  }
}
