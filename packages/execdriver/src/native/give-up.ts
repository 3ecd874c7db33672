import { loadSteps, type Filter } from '@ns/seccomp';
import { group, type Step } from '@ns/syscall';

import type { ProcessSpec, Rlimit } from '../contract.js';
import {
  becomeUser,
  dieWithMonitor,
  noNewPrivileges,
  setRlimits,
  setUmask,
  unblockSignals,
  type Identity,
} from './process.js';

/** What a program keeps. */
export interface Remainder {
  readonly identity: Identity;
  readonly rlimits: readonly Rlimit[];
  /** The bounding set, and root's permitted set. */
  readonly capabilities: bigint;
  readonly highestCapability: number;
  readonly filter: Filter | undefined;
  readonly canSetgroups: boolean;
  /** Whether it dies when its parent does. Default true. */
  readonly diesWithParent?: boolean | undefined;
}

/** Give up what the program must not have: the last steps before it is run. Nothing after them needs a privilege. */
export function giveUp(process: ProcessSpec, remainder: Remainder): Step[] {
  const { identity, capabilities, highestCapability, canSetgroups, diesWithParent = true } = remainder;
  const filter = remainder.filter === undefined ? [] : loadSteps(remainder.filter);
  const isPlain = process.noNewPrivileges !== true;
  return [
    group(
      'limits',
      setRlimits(remainder.rlimits),
      setUmask(process.umask ?? 0o022),
      isPlain ? [] : [noNewPrivileges()],
    ),
    // Without no_new_privs only CAP_SYS_ADMIN may load a filter, and that goes next: as with runc, a profile has to allow
    // the calls that follow. With it the filter comes last.
    ...(isPlain ? filter : []),
    group(
      'user',
      becomeUser(identity, capabilities, highestCapability, canSetgroups),
      // Changing user has cleared it.
      diesWithParent ? [dieWithMonitor()] : [],
      unblockSignals(),
    ),
    ...(isPlain ? [] : filter),
  ];
}
