import { openCgroup } from '@ns/cgroups';
import { NsError } from '@ns/errors';

import type { CgroupPaths } from './names.js';

/** Kill what is left in the cgroups of a container, and remove them. Idempotent. */
export async function removeCgroups({ container, monitor, pivot }: CgroupPaths): Promise<void> {
  // lxc-start removes what it has made, if it is let: it ends when its container has.
  for (const path of [container, monitor, pivot]) {
    const group = openIfAny(path);
    await group?.kill();
    await group?.remove();
  }
}

function openIfAny(path: string): ReturnType<typeof openCgroup> | undefined {
  try {
    return openCgroup(path);
  } catch (error) {
    if (NsError.is(error) && error.code === 'ERR_NS_NOT_FOUND') return undefined;
    throw error;
  }
}
