import { availableCapabilities } from '@ns/caps';
import type { Rlimit } from '@ns/execdriver';
import { withDefaults } from '@ns/execdriver/runtime';
import { CAP, getResourceLimit, type RLIMIT } from '@ns/syscall';

/**
 * The limits of a process, as far as this runtime can give them: without CAP_SYS_RESOURCE (in a container, for example)
 * no hard limit can be raised, and engines ask for high ones by themselves.
 */
export function grantableLimits(
  given: readonly Rlimit[],
  warn: (message: string) => void,
): readonly Rlimit[] {
  const limits = withDefaults(given);
  const mayRaise = (availableCapabilities() >> BigInt(CAP.CAP_SYS_RESOURCE)) & 1n;
  if (mayRaise !== 0n) return limits;
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
