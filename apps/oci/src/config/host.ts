import { statSync } from 'node:fs';

import type { NsError } from '@ns/errors';

import type { ContainerPlan } from '../plan.js';
import { invalid, unsupported } from './invalid.js';

/**
 * Refuse what this host cannot do, before anything is created.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` for SELinux labels, `ERR_NS_INVALID_ARGUMENT` for a namespace that is not there, and sysctls of a joined namespace that is the host's.
 */
export function checkHost(plan: ContainerPlan): void {
  if (plan.process?.selinuxLabel !== undefined) throw noSelinux('process.selinuxLabel');
  if (plan.mountLabel !== undefined) throw noSelinux('linux.mountLabel');
  const { namespaces = {}, sysctls = {} } = plan.spec;
  for (const [kind, source] of Object.entries(namespaces)) {
    if (typeof source === 'string' || !('path' in source)) continue;
    let inode: number;
    try {
      inode = statSync(source.path).ino;
    } catch (error) {
      throw invalid('linux.namespaces', `${source.path} cannot be looked at: ${(error as Error).message}`);
    }
    const sysctl = kind === 'net' ? Object.keys(sysctls).find((name) => /^net[./]/.test(name)) : undefined;
    if (sysctl !== undefined && inode === statSync('/proc/self/ns/net').ino) {
      throw invalid(
        `linux.sysctl[${JSON.stringify(sysctl)}]`,
        `${source.path} is the host's network namespace`,
        'set it on the host',
      );
    }
  }
}

/** Of a process, or of the files that it sees. */
export const noSelinux = (field: string): NsError =>
  unsupported(field, 'this runtime does not set SELinux labels', 'leave the label out');
