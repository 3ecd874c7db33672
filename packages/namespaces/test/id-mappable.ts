import { statfsSync } from 'node:fs';
import { release, tmpdir } from 'node:os';

import { MAGIC } from '@ns/syscall';
import type { Requirement } from '@ns/testing';

/** tmpfs has id-mapped mounts from kernel 6.3 on. */
export const idMappable: Requirement = {
  name: 'a file system with id-mapped mounts',
  missing: () => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    const isOld = major < 6 || (major === 6 && minor < 3);
    return isOld && statfsSync(tmpdir()).type === MAGIC.TMPFS_MAGIC
      ? 'temporary files are on a tmpfs, which this kernel cannot id-map'
      : undefined;
  },
};
