import { readdirSync } from 'node:fs';

import { readControlIfAny } from '../control-file.js';
import { known, parseFields, readNumber } from './fields.js';

/** Huge pages of one size, in bytes. */
export interface HugetlbStats {
  readonly usageBytes: number;
  /** Version 1 only. */
  readonly peakBytes?: number;
  /** How often an allocation failed at the limit. */
  readonly limitHits: number;
}

let sizes: readonly string[] | undefined;

/** The sizes of this machine, as the kernel names files after them: `2MB`. */
export function hugePageSizes(): readonly string[] {
  sizes ??= listSizes();
  return sizes;
}

function listSizes(): string[] {
  try {
    return readdirSync('/sys/kernel/mm/hugepages').flatMap((name) => {
      const kib = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
      if (kib === 0) return [];
      return [kib >= 2 ** 20 ? `${kib / 2 ** 20}GB` : kib >= 1024 ? `${kib / 1024}MB` : `${kib}KB`];
    });
  } catch {
    // A kernel without huge pages.
    return [];
  }
}

/** Statistics of `hugetlb`, by page size. */
export function hugetlbStats(version: 1 | 2, directory: string): Record<string, HugetlbStats> {
  const found: Record<string, HugetlbStats> = {};
  for (const size of hugePageSizes()) {
    const prefix = `${directory}/hugetlb.${size}`;
    const usageBytes = readNumber(version === 2 ? `${prefix}.current` : `${prefix}.usage_in_bytes`);
    if (usageBytes === undefined) continue;
    found[size] = known<HugetlbStats>({
      usageBytes,
      peakBytes: version === 1 ? readNumber(`${prefix}.max_usage_in_bytes`) : undefined,
      limitHits: (version === 1 ? readNumber(`${prefix}.failcnt`) : readHits(`${prefix}.events`)) ?? 0,
    });
  }
  return found;
}

function readHits(path: string): number | undefined {
  const text = readControlIfAny(path);
  return text === undefined ? undefined : parseFields(text)['max'];
}
