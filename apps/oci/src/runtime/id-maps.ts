import { readFileSync, writeFileSync } from 'node:fs';

import { isErrno } from '@ns/errors';
import type { ContainerSpec } from '@ns/execdriver';
import { idMapText, isOwnIdOnly, runNewIdMap } from '@ns/namespaces';

/** Whether nobody in the container can change groups: the price of mapping one's own id without privilege. */
export const deniesSetgroups = ({ uidMap = [], gidMap = [] }: ContainerSpec): boolean =>
  process.geteuid?.() !== 0 && isOwnIdOnly({ uidMap, gidMap });

/**
 * Write the id maps of a process in a new user namespace, a child of ours that waits for them.
 *
 * @throws {@link NsError} as `runNewIdMap`, for a user who is not root and maps more than the own id.
 */
export async function writeMaps(pid: number, spec: ContainerSpec): Promise<void> {
  const { uidMap = [], gidMap = [] } = spec;
  const denies = deniesSetgroups(spec);
  if (process.geteuid?.() !== 0 && !denies) {
    await runNewIdMap(pid, { uidMap, gidMap });
    return;
  }
  writeFileSync(`/proc/${pid}/uid_map`, idMapText(uidMap));
  // CVE-2014-8989: without this, dropping a group could give access that the group was denied.
  if (denies) writeFileSync(`/proc/${pid}/setgroups`, 'deny');
  writeFileSync(`/proc/${pid}/gid_map`, idMapText(gidMap));
}

/** Whether a process may change its groups. See user_namespaces(7), `setgroups`. */
export function maySetgroups(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/setgroups`, 'latin1').trim() === 'allow';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
}
