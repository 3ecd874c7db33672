import { readControlIfAny } from '../control-file.js';
import type { Limit } from '../resources.js';
import { known, parseFields, readLimit, readNumber } from './fields.js';

/** Memory, in bytes. */
export interface MemoryStats {
  /** All that is charged to the group, the page cache included. */
  readonly usageBytes: number;
  /** `usageBytes` without the page cache that is not in use: what `docker stats` shows. */
  readonly workingSetBytes: number;
  /** The most that `usageBytes` ever was. On version 2 since Linux 5.19. */
  readonly peakBytes?: number;
  readonly limitBytes: Limit;
  /** Swap alone, on both versions. Absent without swap accounting. */
  readonly swapUsageBytes?: number;
  readonly anonBytes: number;
  readonly fileBytes: number;
  /** Kernel memory. On version 2 since Linux 5.18. */
  readonly kernelBytes?: number;
  /**
   * How often the limit was reached, and something had to be given back first. On version 1 not counted when the limit of
   * memory and swap together is the same, which is then reached before.
   */
  readonly limitHits: number;
  /** Processes that were killed because memory ran out. */
  readonly oomKills: number;
  /** All of `memory.stat`, by the kernel's names. Bytes, unless a name says otherwise. */
  readonly raw: Readonly<Record<string, number>>;
}

/** Processes of a group that were killed because memory ran out: zero when nothing counts them. */
export function oomKillsOf(version: 1 | 2, directory: string): number {
  const text = readControlIfAny(`${directory}/${version === 2 ? 'memory.events' : 'memory.oom_control'}`);
  return text === undefined ? 0 : (parseFields(text)['oom_kill'] ?? 0);
}

/** Page cache that nobody has asked for lately. On version 1 the fields of a group and those below are `total_`. */
const idle = (raw: Readonly<Record<string, number>>): number =>
  raw['total_inactive_file'] ?? raw['inactive_file'] ?? 0;

const statOf = (directory: string): Record<string, number> =>
  parseFields(readControlIfAny(`${directory}/memory.stat`) ?? '');

/** Usage without the idle page cache; `undefined` without the controller. */
export function workingSetOf(version: 1 | 2, directory: string): number | undefined {
  const usage = readNumber(`${directory}/${version === 2 ? 'memory.current' : 'memory.usage_in_bytes'}`);
  return usage === undefined ? undefined : Math.max(0, usage - idle(statOf(directory)));
}

/** Statistics of the memory controller. */
export const memoryStats = (version: 1 | 2, directory: string): MemoryStats | undefined =>
  version === 2 ? memoryV2(directory) : memoryV1(directory);

function memoryV2(directory: string): MemoryStats | undefined {
  const usage = readNumber(`${directory}/memory.current`);
  if (usage === undefined) return undefined;
  const raw = statOf(directory);
  const events = parseFields(readControlIfAny(`${directory}/memory.events`) ?? '');
  return known<MemoryStats>({
    usageBytes: usage,
    workingSetBytes: Math.max(0, usage - idle(raw)),
    peakBytes: readNumber(`${directory}/memory.peak`),
    limitBytes: readLimit(`${directory}/memory.max`) ?? 'unlimited',
    swapUsageBytes: readNumber(`${directory}/memory.swap.current`),
    anonBytes: raw['anon'] ?? 0,
    fileBytes: raw['file'] ?? 0,
    kernelBytes: raw['kernel'],
    limitHits: events['max'] ?? 0,
    oomKills: events['oom_kill'] ?? 0,
    raw,
  });
}

function memoryV1(directory: string): MemoryStats | undefined {
  const usage = readNumber(`${directory}/memory.usage_in_bytes`);
  if (usage === undefined) return undefined;
  const raw = statOf(directory);
  const both = readNumber(`${directory}/memory.memsw.usage_in_bytes`);
  return known<MemoryStats>({
    usageBytes: usage,
    workingSetBytes: Math.max(0, usage - idle(raw)),
    peakBytes: readNumber(`${directory}/memory.max_usage_in_bytes`),
    limitBytes: readLimit(`${directory}/memory.limit_in_bytes`) ?? 'unlimited',
    // The two are not read in one moment.
    swapUsageBytes: both === undefined ? undefined : Math.max(0, both - usage),
    anonBytes: raw['total_rss'] ?? 0,
    fileBytes: raw['total_cache'] ?? 0,
    kernelBytes: readNumber(`${directory}/memory.kmem.usage_in_bytes`),
    limitHits: readNumber(`${directory}/memory.failcnt`) ?? 0,
    oomKills: oomKillsOf(1, directory),
    raw,
  });
}
