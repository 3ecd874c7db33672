import { existsSync, readFileSync } from 'node:fs';
import { arch, release } from 'node:os';

import type { Probe } from '../contract.js';

/** What the native driver is run on. */
export interface Machine {
  readonly system: string;
  readonly arch: string;
  /** As uname(2) says it: `6.1.0-13-amd64`. */
  readonly kernel: string;
  readonly isRoot: boolean;
  /** Whether others than root can make user namespaces. */
  readonly hasUserNamespaces: boolean;
}

/** Whether the native driver can work on this machine. */
export const probe = async (): Promise<Probe> => judge(look());

function look(): Machine {
  const limit = '/proc/sys/user/max_user_namespaces';
  return {
    system: process.platform,
    arch: arch(),
    kernel: release(),
    isRoot: process.geteuid?.() === 0,
    hasUserNamespaces: existsSync(limit) && readFileSync(limit, 'latin1').trim() !== '0',
  };
}

/** The same for any machine. */
export function judge(machine: Machine): Probe {
  const { system, kernel } = machine;
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  const no = (reason: string, hint: string): Probe => ({ available: false, reason, hint });
  if (system !== 'linux')
    return no(`this is ${system}, not Linux`, 'run it on Linux, or in a virtual machine');
  if (machine.arch !== 'x64' && machine.arch !== 'arm64') {
    return no(`it knows no processors of type ${machine.arch}`, 'use x86-64 or aarch64');
  }
  if (major < 5 || (major === 5 && minor < 10)) {
    return no(`Linux ${kernel} is older than 5.10`, 'use a newer kernel');
  }
  if (!machine.isRoot && !machine.hasUserNamespaces) {
    return no(
      'this process is not root, and this kernel lets nobody else make namespaces',
      'run it as root, or set the sysctl user.max_user_namespaces to more than 0',
    );
  }
  return { available: true, version: `Linux ${kernel}` };
}
