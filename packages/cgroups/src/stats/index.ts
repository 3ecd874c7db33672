import { directoryIn } from '../apply.js';
import { hierarchyOf, type CgroupLayout } from '../layout.js';
import { cpuStats, type CpuStats } from './cpu.js';
import { known } from './fields.js';
import { hugetlbStats, type HugetlbStats } from './hugetlb.js';
import { ioStats, type IoStats } from './io.js';
import { memoryStats, type MemoryStats } from './memory.js';
import { pidsStats, type PidsStats } from './pids.js';
import { pressureStats, type PressureStats } from './pressure.js';

export type { CpuStats } from './cpu.js';
export type { HugetlbStats } from './hugetlb.js';
export type { IoDeviceStats, IoStats } from './io.js';
export type { MemoryStats } from './memory.js';
export type { PidsStats } from './pids.js';
export { parsePressure, type Pressure, type PressureLine, type PressureStats } from './pressure.js';

/** What a group has used. A part is absent when its controller is not there or not enabled. */
export interface CgroupStats {
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly pids?: PidsStats;
  readonly io?: IoStats;
  /** By size of the pages: `2MB`. */
  readonly hugetlb?: Readonly<Record<string, HugetlbStats>>;
  /** How much time was lost waiting (PSI). Version 2 and hybrid, Linux 4.20. */
  readonly pressure?: PressureStats;
}

/** See `Cgroup.stats`. */
export function statsOf(layout: CgroupLayout, path: string): CgroupStats {
  const { unified } = layout;
  const at = <T>(
    controller: string,
    read: (version: 1 | 2, directory: string) => T | undefined,
  ): T | undefined => {
    const hierarchy = hierarchyOf(layout, controller);
    return hierarchy && read(hierarchy.version, directoryIn(hierarchy, path));
  };
  const accounting = hierarchyOf(layout, 'cpuacct');
  return known<CgroupStats>({
    cpu:
      at('cpu', (version, directory) =>
        cpuStats(version, directory, accounting && directoryIn(accounting, path)),
      ) ??
      // Version 2 counts processor time in every group, whether the controller is enabled or not.
      (unified && cpuStats(2, directoryIn(unified, path), undefined)),
    memory: at('memory', memoryStats),
    pids: at('pids', (_, directory) => pidsStats(directory)),
    io: at('io', ioStats) ?? at('blkio', ioStats),
    hugetlb: at('hugetlb', hugetlbStats),
    pressure: unified && pressureStats(directoryIn(unified, path)),
  });
}
