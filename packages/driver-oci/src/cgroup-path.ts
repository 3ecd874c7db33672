import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { openCgroup, type Cgroup } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import type { Place } from '@ns/execdriver/kit';

import { FILES } from './place.js';

/** Where in the tree a container's cgroup is: ids are unique within a state root only. */
export function cgroupPathOf({ cgroup, id }: ContainerSpec, place: Place): string {
  const hash = createHash('sha256').update(place.directory).digest('hex').slice(0, 12);
  return cgroup ?? `/ns-${hash}-${id}`;
}

/** The same, as it was written down. */
export function recordedCgroup(place: Place): string | undefined {
  try {
    return readFileSync(FILES.cgroup(place), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The cgroup of a path; undefined when there is none (any more). */
export function cgroupAt(path: string | undefined): Cgroup | undefined {
  try {
    return path === undefined ? undefined : openCgroup(path);
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_FOUND') return undefined;
    throw error;
  }
}

/** @throws {@link NsError} `ERR_NS_CONFLICT` when the cgroup is somebody's. */
export function assertFree(path: string): void {
  if (cgroupAt(path) === undefined) return;
  throw new NsError('ERR_NS_CONFLICT', {
    operation: 'start',
    message: `the cgroup ${path} exists`,
    path,
    hint: 'remove it, or name another one',
  });
}
