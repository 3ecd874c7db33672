import { readFileSync } from 'node:fs';

import {
  createCgroup,
  detect,
  DOCKER_DEFAULT_DEVICES,
  joinSteps,
  openCgroup,
  type Cgroup,
  type JoinEntry,
  type JoinHandle,
} from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import { call, CLONE, type Step } from '@ns/syscall';

import type { ContainerSpec } from '../contract.js';
import { DESCRIPTOR } from './descriptors.js';

/** The cgroup of a container; undefined for one that has none, or has not yet. */
export function openContainerCgroup(path: string | undefined): Cgroup | undefined {
  try {
    return path === undefined ? undefined : openCgroup(path);
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * Create a container's cgroup.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when there are limits and no right to set them.
 */
export function createContainerCgroup(spec: ContainerSpec, path: string): Cgroup {
  const devices = spec.resources?.devices ?? DOCKER_DEFAULT_DEVICES;
  return createCgroup({ parent: '/', name: path.slice(1), resources: { ...spec.resources, devices } });
}

/**
 * The cgroup that another program in the container joins: on version 2 that of its first process, which may have moved
 * into one that it made below, as systemd does; nobody can join a group then that has others with controllers below it.
 */
export function cgroupForExec(cgroup: Cgroup | undefined, pid: number): Cgroup | undefined {
  if (cgroup?.layout.kind !== 'v2') return cgroup;
  const [, path = ''] = /^0::(.*)$/m.exec(cgroupFile(pid)) ?? [];
  return path.startsWith(`${cgroup.path}/`) ? openCgroup(path) : cgroup;
}

function cgroupFile(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch (error) {
    // It has ended: whoever enters it will hear so.
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

/** Whether memory ran out in it. */
export function oomKilled(path: string | undefined): boolean {
  const cgroup = openContainerCgroup(path);
  return cgroup !== undefined && cgroup.oomKills() > 0;
}

/** Without the rights of root there is no cgroup, and nothing to limit. */
export function assertNoResources({ resources = {} }: ContainerSpec): void {
  const asked = Object.keys(resources)[0];
  if (asked === undefined) return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'create',
    message: `limiting ${asked} needs the rights of root`,
    hint: 'run as root, or leave resources out',
  });
}

/** How a program joins: what it depends on. */
export interface Joining {
  /** By clone3(2). */
  readonly atBirth: boolean;
  readonly entries: readonly JoinEntry[];
}

/** As it would be on this machine. */
export function explainedJoining(): Joining {
  const layout = detect();
  const written = layout.hierarchies.filter((hierarchy) => hierarchy !== layout.unified);
  return {
    atBirth: layout.unified !== undefined,
    entries: written.map(({ controllers, name = 'unified' }, index) => ({
      hierarchy: controllers.join(',') || name,
      fd: DESCRIPTOR.cgroupProcs + index,
    })),
  };
}

/** Remove the cgroup of a container that did not start. */
export async function discard(cgroup: Cgroup | undefined): Promise<void> {
  try {
    await cgroup?.remove();
  } catch {
    // The first error is the one to hear of; `destroy` tries again.
  }
}

/** The numbers that the descriptors have in the program, and the descriptors themselves. */
export function joining(handle: JoinHandle): {
  readonly joining: Joining;
  readonly fds: Record<number, number>;
} {
  const fds: Record<number, number> = {};
  if (handle.directory !== undefined) fds[DESCRIPTOR.cgroup] = handle.directory.fd;
  const entries = handle.entries.map(({ hierarchy, fd }, index) => {
    const number = DESCRIPTOR.cgroupProcs + index;
    fds[number] = fd;
    return { hierarchy, fd: number };
  });
  return { joining: { atBirth: handle.directory !== undefined, entries }, fds };
}

/**
 * The process joins its cgroup before anything that it could be charged for, and then makes its cgroup namespace, whose
 * root that cgroup is.
 */
export const joinCgroup = (how: Joining | undefined, namespace: boolean): Step[] => [
  ...(how === undefined ? [] : joinSteps(how.entries)),
  ...(namespace ? [call('unshare', [CLONE.CLONE_NEWCGROUP], { what: 'create a cgroup namespace' })] : []),
];
