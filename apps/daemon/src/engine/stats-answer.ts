import type { CgroupStats } from '@ns/cgroups';
import {
  type BlkioEntry,
  type CpuStats,
  type NetworkStats,
  type StatsResponse,
  ZERO_TIME,
} from '@ns/engine-api';

/** What a container and its machine had used at one moment. */
export interface Reading {
  /** RFC 3339. */
  readonly at: string;
  readonly cgroup: CgroupStats;
  /** Version 2 counts less, and Docker shows less then. */
  readonly version: '' | '1' | '2';
  /** Nanoseconds that all processors have worked or idled. */
  readonly systemCpuNs: number;
  readonly cpuCount: number;
  /** Memory of the machine. */
  readonly memoryBytes: number;
  /** Undefined when the network is not the container's own. */
  readonly networks: Readonly<Record<string, NetworkStats>> | undefined;
}

const NO_CPU: CpuStats = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

/** Members that are always empty here, and that clients look for. */
const CONSTANT = { num_procs: 0, storage_stats: {} } as const;

/** Whose statistics. */
export interface Subject {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
}

/** What is told of a container that does not run. */
export const emptyStats = ({ id, name }: Subject): StatsResponse => ({
  name: `/${name}`,
  id,
  read: ZERO_TIME,
  preread: ZERO_TIME,
  pids_stats: {},
  blkio_stats: blkioStats({}),
  ...CONSTANT,
  cpu_stats: NO_CPU,
  precpu_stats: NO_CPU,
  memory_stats: {},
});

/**
 * The answer of `GET /containers/{id}/stats`.
 *
 * @param previous - The reading before; without one, `precpu_stats` is zero.
 */
export function statsAnswer(
  { id, name }: Subject,
  reading: Reading,
  previous: Reading | undefined,
): StatsResponse {
  const { pids } = reading.cgroup;
  return {
    name: `/${name}`,
    id,
    read: reading.at,
    preread: previous?.at ?? ZERO_TIME,
    // Docker's number for "no limit" is beyond what JSON keeps exactly, and Go refuses the digits of a double.
    pids_stats: pids
      ? { current: pids.current, ...(pids.limit === 'unlimited' ? {} : { limit: pids.limit }) }
      : {},
    blkio_stats: blkioStats(reading.cgroup),
    ...CONSTANT,
    cpu_stats: cpuStats(reading),
    precpu_stats: previous === undefined ? NO_CPU : cpuStats(previous),
    memory_stats: memoryStats(reading),
    ...(reading.networks === undefined ? {} : { networks: { ...reading.networks } }),
  };
}

function cpuStats({ cgroup: { cpu }, systemCpuNs, cpuCount }: Reading): CpuStats {
  if (cpu === undefined) return { ...NO_CPU, system_cpu_usage: systemCpuNs, online_cpus: cpuCount };
  return {
    cpu_usage: {
      total_usage: cpu.usageUs * 1000,
      usage_in_kernelmode: cpu.systemUs * 1000,
      usage_in_usermode: cpu.userUs * 1000,
    },
    system_cpu_usage: systemCpuNs,
    online_cpus: cpuCount,
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: cpu.throttledUs * 1000,
    },
  };
}

function memoryStats({
  cgroup: { memory },
  version,
  memoryBytes,
}: Reading): StatsResponse['memory_stats'] & object {
  if (memory === undefined) return {};
  const { usageBytes, peakBytes, limitBytes, limitHits, raw } = memory;
  return {
    usage: usageBytes,
    ...(peakBytes === undefined ? {} : { max_usage: peakBytes }),
    stats: { ...raw },
    ...(version === '1' ? { failcnt: limitHits } : {}),
    limit: limitBytes === 'unlimited' ? memoryBytes : Math.min(limitBytes, memoryBytes),
  };
}

function blkioStats({ io = [] }: CgroupStats): StatsResponse['blkio_stats'] & object {
  const entries = (
    values: (device: (typeof io)[number]) => readonly (readonly [op: string, value: number])[],
  ): BlkioEntry[] =>
    io.flatMap((device) =>
      values(device).map(([op, value]) => ({ major: device.major, minor: device.minor, op, value })),
    );
  return {
    io_service_bytes_recursive: entries(({ readBytes, writeBytes }) => [
      ['read', readBytes],
      ['write', writeBytes],
    ]),
    io_serviced_recursive: entries(({ readOperations, writeOperations }) => [
      ['read', readOperations],
      ['write', writeOperations],
    ]),
    ...NO_QUEUES,
  };
}

/** What Docker has from a scheduler that is gone from the kernel. */
const NO_QUEUES = {
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
} as const;

/** The interfaces of `/proc/PID/net/dev` but the loopback. See proc_pid_net(5). */
export function parseNetDev(text: string): Record<string, NetworkStats> {
  const networks: Record<string, NetworkStats> = {};
  for (const line of text.split('\n').slice(2)) {
    const [, name, rest = ''] = /^\s*([^:]+(?::\S+)?):\s*(\d.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') continue;
    const fields = rest.trim().split(/\s+/).map(Number);
    const at = (index: number): number => fields[index] ?? 0;
    networks[name] = {
      rx_bytes: at(0),
      rx_packets: at(1),
      rx_errors: at(2),
      rx_dropped: at(3),
      tx_bytes: at(8),
      tx_packets: at(9),
      tx_errors: at(10),
      tx_dropped: at(11),
    };
  }
  return networks;
}

/** Ticks of `/proc/stat` in a second: fixed in the kernel's interface to programs. */
const TICKS_PER_S = 100;

/** The time that all processors have spent, and their number, from `/proc/stat`. See proc_stat(5). */
export function parseCpuTime(stat: string): { systemCpuNs: number; cpuCount: number } {
  const [, fields = ''] = /^cpu\s+(.*)$/m.exec(stat) ?? [];
  // User, nice, system, idle, iowait, irq, softirq: what Docker adds up.
  const ticks = fields.split(' ').slice(0, 7).map(Number);
  const sum = ticks.reduce((total, one) => total + one, 0);
  return { systemCpuNs: (sum * 1e9) / TICKS_PER_S, cpuCount: stat.match(/^cpu\d+ /gm)?.length ?? 0 };
}
