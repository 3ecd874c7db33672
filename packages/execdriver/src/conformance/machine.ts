import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';

import { MAGIC } from '@ns/syscall';

const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** What a case takes that no driver can give. */
export type MachineNeed =
  | 'overlay'
  | 'id-mapped files'
  | 'user namespaces'
  | 'time namespaces'
  | 'cgroups'
  | 'mounting on the host';

/** Of each, what is missing, for cases that are run in a directory. */
export const MACHINE: Readonly<Record<MachineNeed, (directory: string) => string | undefined>> = {
  overlay: (directory) => {
    if (!/\boverlay$/m.test(read('/proc/filesystems'))) return 'this kernel has no overlayfs';
    const isOverlay = statfsSync(directory).type === MAGIC.OVERLAYFS_SUPER_MAGIC;
    return isOverlay ? `${directory} is an overlay, which cannot hold another one's upper layer` : undefined;
  },
  'id-mapped files': (directory) => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    if (major > 6 || (major === 6 && minor >= 3) || statfsSync(directory).type !== MAGIC.TMPFS_MAGIC)
      return undefined;
    return `${directory} is on a tmpfs, which this kernel cannot id-map`;
  },
  'user namespaces': () => {
    const limit = read('/proc/sys/user/max_user_namespaces').trim();
    return limit === '' || limit === '0' ? 'this kernel has no user namespaces, or allows none' : undefined;
  },
  'time namespaces': () =>
    existsSync('/proc/self/ns/time') ? undefined : 'this kernel has no time namespaces',
  cgroups: () => (existsSync('/sys/fs/cgroup') ? undefined : 'no cgroups are mounted'),
  'mounting on the host': () => (process.geteuid?.() === 0 ? undefined : 'mounting on the host takes root'),
};
