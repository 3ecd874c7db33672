import { openCgroup, type Cgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';

/** The cgroup of a container; undefined for one that has none, or has no more. */
export function openOwnCgroup(path: string | undefined): Cgroup | undefined {
  try {
    return path === undefined ? undefined : openCgroup(path);
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_FOUND') return undefined;
    throw error;
  }
}
