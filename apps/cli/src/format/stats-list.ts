import type { StatsResponse } from '@ns/engine-api';

import { shortId } from './container-list.js';
import type { ListDescription } from './list.js';
import { View } from './template/value.js';
import { binarySize, humanSize } from './units.js';

/** What is known of a container's use of the machine: nothing before its first reading. */
export interface Reading {
  readonly id: string;
  readonly name: string;
  readonly stats: StatsResponse | undefined;
}

/** How `stats` lists containers. */
export const statsList = (trunc: boolean): ListDescription<Reading> => ({
  headers: HEADERS,
  columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
  quiet: 'ID',
  view: (reading) => statsView(reading, trunc),
});

const HEADERS = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
} as const;

const NONE = '--';

function statsView({ id, name, stats }: Reading, trunc: boolean): View {
  const shown = trunc ? shortId(id) : id;
  const of =
    (text: (known: StatsResponse) => string, missing = NONE) =>
    (): string =>
      stats === undefined ? missing : text(stats);
  return new View({
    Container: () => shown,
    ID: () => shown,
    Name: () => name,
    CPUPerc: of((known) => percent(cpuPercent(known))),
    MemUsage: of(
      ({ memory_stats: memory = {} }) =>
        `${binarySize(memoryUsed(memory))} / ${binarySize(memory.limit ?? 0)}`,
      `${NONE} / ${NONE}`,
    ),
    MemPerc: of(({ memory_stats: memory = {} }) =>
      percent(memory.limit ? (memoryUsed(memory) / memory.limit) * 100 : 0),
    ),
    NetIO: of(({ networks = {} }) => {
      const all = Object.values(networks);
      const sum = (key: 'rx_bytes' | 'tx_bytes'): number => all.reduce((total, one) => total + one[key], 0);
      return `${humanSize(sum('rx_bytes'))} / ${humanSize(sum('tx_bytes'))}`;
    }),
    BlockIO: of(({ blkio_stats: blkio }) => {
      const sum = (op: string): number =>
        (blkio?.io_service_bytes_recursive ?? [])
          .filter((entry) => entry.op.toLowerCase() === op)
          .reduce((total, entry) => total + entry.value, 0);
      return `${humanSize(sum('read'))} / ${humanSize(sum('write'))}`;
    }),
    PIDs: of(({ pids_stats: pids }) => String(pids?.current ?? 0)),
  });
}

const percent = (value: number): string => `${value.toFixed(2)}%`;

/** Of one processor: two that are busy are 200. */
export function cpuPercent({ cpu_stats: now, precpu_stats: before }: StatsResponse): number {
  if (now === undefined || before === undefined) return 0;
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  // Without an earlier reading there is nothing to compare with.
  if (!before.system_cpu_usage || used <= 0 || passed <= 0) return 0;
  return (used / passed) * (now.online_cpus ?? 1) * 100;
}

/** As Docker counts: without the pages of files that were not used lately. */
function memoryUsed({ usage = 0, stats = {} }: NonNullable<StatsResponse['memory_stats']>): number {
  const inactive = stats['total_inactive_file'] ?? stats['inactive_file'] ?? 0;
  return inactive < usage ? usage - inactive : usage;
}
