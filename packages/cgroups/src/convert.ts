import type { CpuResources, Limit } from './resources.js';

/**
 * The v2 weight (1 to 10000) for v1 shares (2 to 262144), such that 2 is 1, 1024 is 100 and 262144 is 10000.
 *
 * @remarks
 * The formula of runc 1.3.2 and crun 1.23. Older runtimes mapped the ranges linearly, by which the default of 1024 shares
 * became 39 where the default weight is 100.
 */
export function sharesToWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/** The v1 shares for a v2 weight: the reverse of {@link sharesToWeight}. */
export function weightToShares(weight: number): number {
  if (weight <= 1) return 2;
  if (weight >= 10_000) return 262_144;
  const target = 612 * (Math.log10(weight) + 7 / 34);
  return Math.round(2 ** ((Math.sqrt(125 * 125 + 4 * target) - 125) / 2));
}

/** The v2 `io.weight` (1 to 10000) for a weight of `docker run --blkio-weight` (10 to 1000). Linear, as runc. */
export const blkioWeightToIoWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990);

const DOCKER_PERIOD_US = 100_000;

/** Quota and period, of which `nanoCpus` is a short form. */
export function bandwidth({ quotaUs, periodUs, nanoCpus }: CpuResources): {
  quotaUs?: Limit;
  periodUs?: number;
} {
  if (nanoCpus !== undefined) {
    return { quotaUs: Math.floor((nanoCpus * DOCKER_PERIOD_US) / 1e9), periodUs: DOCKER_PERIOD_US };
  }
  return {
    ...(quotaUs === undefined ? {} : { quotaUs }),
    ...(periodUs === undefined ? {} : { periodUs }),
  };
}

/** What v2 limits: swap alone. `undefined` when it cannot be told from what is given. */
export function swapAlone(memorySwap: Limit, limit: Limit | undefined): Limit | undefined {
  if (memorySwap === 'unlimited') return 'unlimited';
  return limit === undefined || limit === 'unlimited' ? undefined : memorySwap - limit;
}

/**
 * The processors or nodes of a list: `0-2,5` is 0, 1, 2, 5. `undefined` when it is no such list. See cpuset(7),
 * "List format".
 */
export function parseList(text: string): number[] | undefined {
  const found = new Set<number>();
  for (const part of text.trim().split(',')) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(first) > Number(last)) return undefined;
    for (let one = Number(first); one <= Number(last); one++) found.add(one);
  }
  return [...found].toSorted((left, right) => left - right);
}
