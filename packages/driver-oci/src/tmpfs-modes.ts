import { fchmodSync, statfsSync } from 'node:fs';

import type { ContainerSpec } from '@ns/execdriver';
import type { TmpfsSpec } from '@ns/namespaces';
import { MAGIC, O, openat2, openPath, RESOLVE } from '@ns/syscall';

/** Docker's. */
const DEFAULT_MODE = 0o1777;

/**
 * Give the tmpfs mounts of a container that was created, and whose program does not run yet, the modes that they were asked
 * to have: runc gives one the mode of the directory that it covers.
 *
 * @remarks
 * The image is hostile: paths are resolved by the kernel inside the container's root, and what is found must be a tmpfs. One
 * that is read-only stays as it is.
 */
export function setTmpfsModes({ mounts = [] }: ContainerSpec, pid: number): void {
  const wanted = mounts.filter(
    (mount): mount is TmpfsSpec => mount.type === 'tmpfs' && mount.readonly !== true,
  );
  if (wanted.length === 0) return;
  using root = openPath(`/proc/${pid}/root`, { flags: O.O_DIRECTORY });
  for (const { target, mode = DEFAULT_MODE } of wanted) {
    using directory = openat2(target.replace(/^\/+/, ''), {
      dirFd: root.fd,
      flags: O.O_RDONLY | O.O_DIRECTORY,
      resolve: RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS,
    });
    if (statfsSync(`/proc/self/fd/${directory.fd}`).type === MAGIC.TMPFS_MAGIC)
      fchmodSync(directory.fd, mode);
  }
}
