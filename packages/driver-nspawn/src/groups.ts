import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  createCgroup,
  detect,
  openCgroup,
  type CgroupHierarchy,
  type CgroupLayout,
  type JoinHandle,
} from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import { cgroupPathOf, createContainerCgroup, type Place } from '@ns/execdriver/kit';

/** The hierarchies in which systemd-nspawn makes groups for itself and the container: of all, those that systemd manages. */
export const systemdHierarchies = ({ hierarchies }: CgroupLayout): CgroupHierarchy[] =>
  hierarchies.filter(({ version, name }) => version === 2 || name === 'systemd');

/** Its own layout of {@link systemdHierarchies}. */
const systemdLayout = (layout: CgroupLayout): CgroupLayout => ({
  ...layout,
  hierarchies: systemdHierarchies(layout),
});

/** The groups of a container. */
export interface Groups {
  /** Descriptors by which the container's first process joins its own. */
  readonly handle: JoinHandle;
  /** The files by which systemd-nspawn joins its own. */
  readonly joins: readonly string[];
}

/**
 * Make the container's cgroup, and one for systemd-nspawn. It makes groups below the one that it is in, and moves itself: in
 * one of its own that is nobody else's trouble, and what it uses is not on the container's account.
 */
export function createGroups(spec: ContainerSpec, stateRoot: string, directory: string): Groups {
  const path = cgroupPathOf(spec, stateRoot);
  const layout = detect();
  writeFileSync(join(directory, CGROUP_FILE), path);
  const group = createContainerCgroup(spec, path);
  const own = createCgroup({
    parent: '/',
    name: supervisorPath(path).slice(1),
    layout: systemdLayout(layout),
  });
  const joins = systemdHierarchies(layout).map(
    // A thread that moves itself does not stop all forks of the machine, which a process does: but version 2 has no such file.
    ({ mountPoint, version }) => `${mountPoint}${own.path}/${version === 1 ? 'tasks' : 'cgroup.procs'}`,
  );
  return { handle: group.openForJoin({ cloneInto: false }), joins };
}

const CGROUP_FILE = 'cgroup';

/** The cgroup of systemd-nspawn itself, beside the container's. */
const supervisorPath = (path: string): string => `${path}.nspawn`;

/** The path of the container's cgroup; undefined before it was made. */
export function groupOf({ directory }: Place): string | undefined {
  try {
    return readFileSync(join(directory, CGROUP_FILE), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Remove systemd-nspawn's own. Its processes are about to end. */
export async function removeSupervisorGroup(place: Place): Promise<void> {
  const path = groupOf(place);
  if (path === undefined) return;
  try {
    await openCgroup(supervisorPath(path), systemdLayout(detect())).remove();
  } catch (error) {
    if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_FOUND') throw error;
  }
}
