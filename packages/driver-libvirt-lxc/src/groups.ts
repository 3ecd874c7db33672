import { createCgroup, openCgroup, type JoinHandle } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import { createContainerCgroup } from '@ns/execdriver/kit';

import type { Facts } from './facts.js';

/**
 * Make the container's cgroup with its limits, and the one in which libvirt makes another, for its own processes.
 *
 * @returns Descriptors by which the container's first process joins its own.
 */
export function createGroups(
  spec: ContainerSpec,
  { cgroup, partition }: Pick<Facts, 'cgroup' | 'partition'>,
): JoinHandle {
  if (partition !== undefined) createCgroup({ parent: '/', name: partition.slice(1) });
  return createContainerCgroup(spec, cgroup).openForJoin({ cloneInto: false });
}

/** Kill what is left of libvirt's processes for a container, and remove their cgroup. Idempotent. */
export async function removePartition(path: string): Promise<void> {
  try {
    const group = openCgroup(path);
    await group.kill();
    await group.remove();
  } catch (error) {
    if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_FOUND') throw error;
  }
}
