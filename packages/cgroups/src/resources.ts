import type { DeviceRule } from './devices.js';

/** A limit, in the unit that its name says. */
export type Limit = number | 'unlimited';

/** Memory, in bytes. The kernel rounds down to whole pages. */
export interface MemoryResources {
  /** The hard limit: at it the kernel reclaims, then kills (`docker run -m`). */
  readonly limitBytes?: Limit;
  /** Memory **and** swap together, as `docker run --memory-swap` means it: equal to `limitBytes` for no swap. */
  readonly memorySwapBytes?: Limit;
  /** What is left to the group when the machine is short of memory (`--memory-reservation`): `memory.low` on v2. */
  readonly reservationBytes?: Limit;
  /** Above it the group is slowed down and reclaimed from. v2 only. */
  readonly highBytes?: Limit;
  /** Best effort protection; the same as `reservationBytes`. v2 only. */
  readonly lowBytes?: Limit;
  /** Protection that the kernel kills others for. v2 only. */
  readonly minBytes?: Limit;
  /** At the limit processes wait instead of being killed. v1 only. */
  readonly oomKillDisable?: boolean;
  /** 0 to 100, how readily anonymous pages are swapped. v1 only. */
  readonly swappiness?: number;
}

/** Processor time. */
export interface CpuResources {
  /** 2 to 262144, default 1024, relative to others (`docker run --cpu-shares`). Becomes a weight on v2. */
  readonly shares?: number;
  /** 1 to 10000, default 100: the same in v2's unit. Becomes shares on v1. */
  readonly weight?: number;
  /** Microseconds of processor time in each period, of all processors together. */
  readonly quotaUs?: Limit;
  /** Microseconds, 1000 to 1000000, default 100000. */
  readonly periodUs?: number;
  /** Billionths of a processor (`docker run --cpus=1.5` is 1.5e9): a quota with a period of 100 ms. */
  readonly nanoCpus?: number;
  /** Microseconds of unused quota that may be used later, at most the quota. Linux 5.14. */
  readonly burstUs?: number;
  /** Microseconds of real-time scheduling in each `realtimePeriodUs`. v1 only. */
  readonly realtimeRuntimeUs?: number;
  /** Microseconds. v1 only. */
  readonly realtimePeriodUs?: number;
  /** Runs only when nobody else wants to (`SCHED_IDLE`). Linux 5.15. */
  readonly idle?: boolean;
}

/** Which processors and memory nodes, as lists: `0-3,5`. See cpuset(7). */
export interface CpusetResources {
  readonly cpus?: string;
  readonly mems?: string;
}

/** Processes and threads together. */
export interface PidsResources {
  readonly limit?: Limit;
}

/** A block device by its number. */
export interface BlockDevice {
  readonly major: number;
  readonly minor: number;
}

/** A rate of a block device: bytes, or operations, in a second. */
export interface DeviceRate extends BlockDevice {
  readonly rate: Limit;
}

/** Input and output of block devices. */
export interface IoResources {
  /** 10 to 1000, relative to others (`docker run --blkio-weight`). */
  readonly weight?: number;
  readonly deviceWeights?: readonly (BlockDevice & { readonly weight: number })[];
  readonly readBps?: readonly DeviceRate[];
  readonly writeBps?: readonly DeviceRate[];
  readonly readIops?: readonly DeviceRate[];
  readonly writeIops?: readonly DeviceRate[];
}

/** A limit of huge pages of one size. */
export interface HugetlbLimit {
  /** As the kernel writes it: `64KB`, `2MB`, `1GB`. */
  readonly pageSize: string;
  readonly limitBytes: Limit;
}

/**
 * What a group of processes may use. Data: what is absent is left as it is.
 *
 * The meanings are Docker's, on every layout.
 */
export interface Resources {
  readonly memory?: MemoryResources;
  readonly cpu?: CpuResources;
  readonly cpuset?: CpusetResources;
  readonly pids?: PidsResources;
  readonly io?: IoResources;
  readonly hugetlb?: readonly HugetlbLimit[];
  /** In order, as runtimes mean it: usually `{ allow: false, type: 'a' }` first. See `DOCKER_DEFAULT_DEVICES`. */
  readonly devices?: readonly DeviceRule[];
  /** Any other v2 file by its name, written last: `{ 'memory.oom.group': '1' }`. */
  readonly unified?: Readonly<Record<string, string>>;
}
