import { readFileSync } from 'node:fs';

import { availableCapabilities } from '@ns/caps';
import type { Rlimit } from '@ns/execdriver';
import { withDefaults } from '@ns/execdriver/runtime';
import { CAP, getResourceLimit, type RLIMIT } from '@ns/syscall';

import type { ProcessPlan } from '../plan.js';

/** Whether hard limits can be raised, and the OOM score lowered. */
const mayRaise = (): boolean => ((availableCapabilities() >> BigInt(CAP.CAP_SYS_RESOURCE)) & 1n) !== 0n;

/**
 * The limits of a process, as far as this runtime can give them: without CAP_SYS_RESOURCE (in a container, for example)
 * no hard limit can be raised, and engines ask for high ones by themselves.
 */
export function grantableLimits(
  given: readonly Rlimit[],
  warn: (message: string) => void,
): readonly Rlimit[] {
  const limits = withDefaults(given);
  if (mayRaise()) return limits;
  return limits.map((limit) => {
    const { hard } = getResourceLimit(0, `RLIMIT_${limit.name.toUpperCase()}` as keyof typeof RLIMIT);
    const lower = (value: Rlimit['hard']): Rlimit['hard'] =>
      hard === 'unlimited' || (value !== 'unlimited' && value <= hard) ? value : hard;
    if (lower(limit.hard) === limit.hard) return limit;
    warn(
      `limit ${limit.name} is ${hard} and not ${limit.hard}: raising it needs CAP_SYS_RESOURCE, which this runtime does not have`,
    );
    return { name: limit.name, soft: lower(limit.soft), hard: lower(limit.hard) };
  });
}

/**
 * A process with an OOM score that this runtime can give it: it cannot be below our own without CAP_SYS_RESOURCE, and
 * Kubernetes asks for -998 by itself.
 */
export function withGrantableScore(process: ProcessPlan, warn: (message: string) => void): ProcessPlan {
  const { oomScoreAdj: wanted } = process.spec;
  if (wanted === undefined) return process;
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'latin1'));
  if (wanted >= own || mayRaise()) return process;
  warn(
    `the OOM score adjustment is ${own} and not ${wanted}: lowering it needs CAP_SYS_RESOURCE, which this runtime does not have`,
  );
  return { ...process, spec: { ...process.spec, oomScoreAdj: own } };
}
