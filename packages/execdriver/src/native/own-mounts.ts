import { defaultMounts, hostNullDevice, openProc, type DefaultMountsOptions } from '@ns/namespaces';
import { slot, type Slot, type Step } from '@ns/syscall';

import type { StartPlan } from './plan.js';

/** What the driver mounts by itself, and the descriptors that later steps act by. */
export interface OwnMounts {
  readonly steps: readonly Step[];
  /** A procfs of the container's, mounted on /proc or nowhere. */
  readonly proc: Slot;
  readonly nullDevice: Slot;
  /** What is mounted on /sys, /dev and /dev/pts; absent without the default mounts. */
  readonly sys?: Slot;
  readonly dev?: Slot;
  readonly pts?: Slot;
}

/** The default mounts; without them, only what sysctls and masks take. */
export function ownMounts(plan: StartPlan, options: DefaultMountsOptions): OwnMounts {
  const { spec, maskedPaths } = plan;
  if (spec.defaultMounts !== false) return defaultMounts(options);
  const proc = slot('proc');
  const nullDevice = slot('null');
  const steps = [
    ...(Object.keys(spec.sysctls ?? {}).length === 0 ? [] : openProc({ into: proc })),
    ...(maskedPaths.length === 0 ? [] : hostNullDevice({ into: nullDevice })),
  ];
  return { steps, proc, nullDevice };
}
