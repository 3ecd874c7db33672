import { createHash } from 'node:crypto';

import type { ContainerSpec } from '../contract.js';

/** Where in the tree a container's cgroup is. */
export function cgroupPathOf(
  { cgroup, id }: Pick<ContainerSpec, 'cgroup' | 'id'>,
  stateRoot: string,
): string {
  // Ids are unique within a state root only.
  return cgroup ?? `/ns-${createHash('sha256').update(stateRoot).digest('hex').slice(0, 12)}-${id}`;
}
