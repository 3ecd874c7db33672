import { readFileSync } from 'node:fs';

import type { Cgroup, CgroupStats, Pressure } from '@ns/cgroups';

/** What both versions of cgroups mean by "no limit", as runc tells it. */
const NO_LIMIT = { 1: 9_223_372_036_854_771_712n, 2: 18_446_744_073_709_551_615n } as const;

/**
 * The statistics of a cgroup in the form of `runc events`: types/events.go of runc. Times are nanoseconds, sizes bytes.
 */
export function runcStats(cgroup: Cgroup): object {
  const stats = cgroup.stats();
  return {
    cpu: cpuOf(cgroup, stats),
    cpuset: cpusetOf(cgroup),
    memory: memoryOf(cgroup, stats),
    pids: pidsOf(stats),
    blkio: blkioOf(stats),
    hugetlb: Object.fromEntries(
      Object.entries(stats.hugetlb ?? {}).map(([size, { usageBytes, peakBytes, limitHits }]) => [
        size,
        { usage: usageBytes, ...(peakBytes !== undefined && { max: peakBytes }), failcnt: limitHits },
      ]),
    ),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function cpuOf(cgroup: Cgroup, { cpu, pressure }: CgroupStats): object {
  const percpu = numbers(read(cgroup, 'cpuacct', 'cpuacct.usage_percpu') ?? '');
  // A line for each processor, after the names: its number, in user mode, in the kernel.
  const all = (read(cgroup, 'cpuacct', 'cpuacct.usage_all') ?? '')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(numbers);
  const column = (index: number): number[] => all.map((line) => line[index] ?? 0);
  return {
    usage: {
      total: nanoseconds(cpu?.usageUs),
      ...(percpu.length > 0 && { percpu }),
      ...(all.length > 0 && { percpu_kernel: column(2), percpu_user: column(1) }),
      kernel: nanoseconds(cpu?.systemUs),
      user: nanoseconds(cpu?.userUs),
    },
    throttling: {
      periods: cpu?.periods ?? 0,
      throttledPeriods: cpu?.throttledPeriods ?? 0,
      throttledTime: nanoseconds(cpu?.throttledUs),
    },
    ...psi(pressure?.cpu),
  };
}

const nanoseconds = (us = 0): number => us * 1000;

/** `0-2,5` as numbers. */
export const listed = (text: string): number[] =>
  text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number);
      if (part === '' || first === undefined || last === undefined) return [];
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });

function cpusetOf(cgroup: Cgroup): object {
  const own = (name: string): string =>
    read(cgroup, 'cpuset', `cpuset.${name}.effective`) ??
    read(cgroup, 'cpuset', `cpuset.effective_${name}`) ??
    read(cgroup, 'cpuset', `cpuset.${name}`) ??
    '';
  const flag = (name: string, otherwise = 0): number =>
    Number(read(cgroup, 'cpuset', `cpuset.${name}`) ?? otherwise);
  return {
    cpus: listed(own('cpus')),
    cpu_exclusive: flag('cpu_exclusive'),
    mems: listed(own('mems')),
    mem_hardwall: flag('mem_hardwall'),
    mem_exclusive: flag('mem_exclusive'),
    memory_migrate: flag('memory_migrate'),
    memory_spread_page: flag('memory_spread_page'),
    memory_spread_slab: flag('memory_spread_slab'),
    memory_pressure: flag('memory_pressure'),
    sched_load_balance: flag('sched_load_balance'),
    sched_relax_domain_level: flag('sched_relax_domain_level'),
  };
}

function memoryOf(cgroup: Cgroup, { memory, pressure }: CgroupStats): object {
  const none = NO_LIMIT[cgroup.layout.kind === 'v2' ? 2 : 1];
  const unused = { limit: 0, failcnt: 0 };
  if (memory === undefined) return { usage: unused, swap: unused, kernel: unused, kernelTCP: unused };
  const limit = memory.limitBytes === 'unlimited' ? none : memory.limitBytes;
  // As runc: memory and swap together, on both versions.
  const both = Number(read(cgroup, 'memory', 'memory.memsw.limit_in_bytes') ?? Infinity);
  const swapMax = Number(read(cgroup, 'memory', 'memory.swap.max') ?? Infinity);
  const swapLimit = Math.min(both, Number(limit) + swapMax);
  const bothLimit = Number.isSafeInteger(swapLimit) ? swapLimit : none;
  const { usageBytes, swapUsageBytes = 0, peakBytes, kernelBytes, limitHits, fileBytes } = memory;
  const peak = peakBytes === undefined ? {} : { max: peakBytes };
  return {
    cache: fileBytes,
    usage: { limit, usage: usageBytes, ...peak, failcnt: limitHits },
    swap: {
      limit: bothLimit,
      usage: usageBytes + swapUsageBytes,
      ...peakOf(cgroup, 'memsw'),
      failcnt: Number(read(cgroup, 'memory', 'memory.memsw.failcnt') ?? 0),
    },
    kernel: {
      limit: none,
      ...(kernelBytes !== undefined && { usage: kernelBytes }),
      ...peakOf(cgroup, 'kmem'),
      failcnt: 0,
    },
    kernelTCP: { limit: none, failcnt: 0 },
    raw: memory.raw,
    ...psi(pressure?.memory),
    event_count: { max: limitHits, oom_kill: memory.oomKills },
  };
}

/** What was used most, of kinds that version 1 only tells. */
function peakOf(cgroup: Cgroup, kind: 'memsw' | 'kmem'): { readonly max?: number } {
  const text = read(cgroup, 'memory', `memory.${kind}.max_usage_in_bytes`);
  return text === undefined ? {} : { max: Number(text) };
}

function pidsOf({ pids }: CgroupStats): object {
  if (pids === undefined) return {};
  return { current: pids.current, ...(pids.limit !== 'unlimited' && { limit: pids.limit }) };
}

function blkioOf({ io = [], pressure }: CgroupStats): object {
  const entries = (kind: 'Bytes' | 'Operations'): object[] =>
    io.flatMap((device) =>
      (['read', 'write', 'discard'] as const).map((op) => ({
        major: device.major,
        minor: device.minor,
        op: op.replace(/^./, (letter) => letter.toUpperCase()),
        value: device[`${op}${kind}`],
      })),
    );
  return {
    ...(io.length > 0 && {
      ioServiceBytesRecursive: entries('Bytes'),
      ioServicedRecursive: entries('Operations'),
    }),
    ...psi(pressure?.io),
  };
}

function psi(pressure: Pressure | undefined): object {
  if (pressure === undefined) return {};
  const line = (one: Pressure['some'] | undefined): object => ({
    avg10: one?.avg10Percent ?? 0,
    avg60: one?.avg60Percent ?? 0,
    avg300: one?.avg300Percent ?? 0,
    total: one?.totalUs ?? 0,
  });
  return { psi: { some: line(pressure.some), full: line(pressure.full) } };
}

const numbers = (text: string): number[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(Number);

/** A file of the group; undefined when there is none, for another version or without the controller. */
function read(cgroup: Cgroup, controller: string, file: string): string | undefined {
  const directory = cgroup.directory(controller);
  if (directory === undefined) return undefined;
  try {
    return readFileSync(`${directory}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
