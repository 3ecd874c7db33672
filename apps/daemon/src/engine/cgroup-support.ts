import { existsSync } from 'node:fs';

import { type CgroupHierarchy, type CgroupLayout, hierarchyOf } from '@ns/cgroups';

/** What this machine can limit by control groups. */
export interface CgroupSupport {
  /** `''` without control groups. */
  readonly version: '' | '1' | '2';
  readonly memory: boolean;
  readonly swap: boolean;
  readonly reservation: boolean;
  readonly swappiness: boolean;
  readonly oomKillDisable: boolean;
  readonly cpuShares: boolean;
  /** Periods and quotas. */
  readonly cpuQuota: boolean;
  readonly cpuRealtime: boolean;
  readonly cpuset: boolean;
  readonly pids: boolean;
  readonly ioWeight: boolean;
  /** Bytes and operations per second of a device. */
  readonly ioRates: boolean;
}

/** Of a machine without control groups, and of a driver that does not use them. */
export const NO_SUPPORT: CgroupSupport = {
  version: '',
  memory: false,
  swap: false,
  reservation: false,
  swappiness: false,
  oomKillDisable: false,
  cpuShares: false,
  cpuQuota: false,
  cpuRealtime: false,
  cpuset: false,
  pids: false,
  ioWeight: false,
  ioRates: false,
};

/**
 * What can be limited where control groups are mounted like this.
 *
 * @param exists - Whether there is such a file; for tests.
 */
export function supportOf(
  layout: CgroupLayout,
  exists: (path: string) => boolean = existsSync,
): CgroupSupport {
  const memory = hierarchyOf(layout, 'memory');
  const cpu = hierarchyOf(layout, 'cpu');
  const io = hierarchyOf(layout, 'io') ?? hierarchyOf(layout, 'blkio');
  /** A version 1 file; version 2 has none in its root, and everything that is asked for here but `otherwise`. */
  const has = (
    hierarchy: CgroupHierarchy | undefined,
    names: readonly string[],
    otherwise = true,
  ): boolean => {
    if (hierarchy === undefined) return false;
    if (hierarchy.version === 2) return otherwise;
    return names.some((name) => exists(`${hierarchy.mountPoint}/${name}`));
  };
  return {
    version: layout.kind === 'v2' ? '2' : '1',
    memory: memory !== undefined,
    swap: memory?.version === 2 ? hasSwap(memory, exists) : has(memory, ['memory.memsw.limit_in_bytes']),
    reservation: has(memory, ['memory.soft_limit_in_bytes']),
    swappiness: has(memory, ['memory.swappiness'], false),
    oomKillDisable: has(memory, ['memory.oom_control'], false),
    cpuShares: has(cpu, ['cpu.shares']),
    cpuQuota: has(cpu, ['cpu.cfs_quota_us']),
    cpuRealtime: has(cpu, ['cpu.rt_runtime_us'], false),
    cpuset: hierarchyOf(layout, 'cpuset') !== undefined,
    pids: hierarchyOf(layout, 'pids') !== undefined,
    // The root has no weight: BFQ shows there by its other files.
    ioWeight: has(io, ['blkio.weight', 'blkio.bfq.weight', 'blkio.bfq.io_service_bytes']),
    ioRates: has(io, ['blkio.throttle.read_bps_device']),
  };
}

/** The root of version 2 has no such file, and a kernel booted with `swapaccount=0` none at all. */
const hasSwap = ({ mountPoint, ownPath }: CgroupHierarchy, exists: (path: string) => boolean): boolean =>
  ownPath === '/' || exists(`${mountPoint}${ownPath}/memory.swap.max`);

/** What `docker info` warns of. */
export function supportWarnings(support: CgroupSupport): string[] {
  const lacks: readonly (readonly [keyof CgroupSupport, string])[] = [
    ['memory', 'No memory limit support'],
    ['swap', 'No swap limit support'],
    ['cpuQuota', 'No cpu cfs quota support'],
    ['cpuShares', 'No cpu shares support'],
    ['cpuset', 'No cpuset support'],
    ['pids', 'No pids limit support'],
  ];
  return lacks.flatMap(([what, text]) => (support[what] ? [] : [`WARNING: ${text}`]));
}
