import { which, type Requirement, type RequirementName } from '@ns/testing';

import { prepareKernel } from './kernel.ts';
import { Unavailable } from './unavailable.ts';

const emulator: Requirement = {
  name: 'an emulator',
  missing: () =>
    which('qemu-system-x86_64') === undefined ? 'qemu-system-x86_64 is not installed' : undefined,
  package: 'qemu-system-x86',
};

const depmod: Requirement = {
  name: 'depmod',
  missing: () => (which('depmod') === undefined ? 'depmod is not installed' : undefined),
  package: 'kmod',
};

/** It is fetched here, on first use: whether that works is known only then. */
const kernel: Requirement = {
  name: 'a second kernel',
  missing() {
    if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
    if (emulator.missing() !== undefined || depmod.missing() !== undefined) return undefined;
    try {
      prepareKernel();
      return undefined;
    } catch (error) {
      if (error instanceof Unavailable) return error.message;
      throw error;
    }
  },
};

/** What a machine needs in order to run a second kernel, for `needs()` and `whatIsMissing()`. */
export const SECOND_KERNEL: readonly (RequirementName | Requirement)[] = [
  'linux',
  'x64',
  'busybox',
  emulator,
  depmod,
  kernel,
];
