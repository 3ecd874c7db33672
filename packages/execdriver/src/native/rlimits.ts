import { getResourceLimit } from '@ns/syscall';

import type { Rlimit } from '../contract.js';

/** What programs that close or poll every descriptor they could have can still live with: the kernel's own default. */
const SOFT_NOFILE = 1024;

/**
 * The limits of a process for which none were given: the creator's, but for open files, whose soft limit Node raises
 * for itself to the hard one.
 */
export function defaultRlimits(): Rlimit[] {
  const { hard } = getResourceLimit(0, 'RLIMIT_NOFILE');
  return [{ name: 'nofile', soft: hard === 'unlimited' ? SOFT_NOFILE : Math.min(SOFT_NOFILE, hard), hard }];
}

/** `given`, and the default for open files unless it is among them. */
export const withDefaults = (given: readonly Rlimit[]): readonly Rlimit[] => [
  ...defaultRlimits().filter((limit) => !given.some((other) => other.name === limit.name)),
  ...given,
];
