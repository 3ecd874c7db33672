import { readFileSync } from 'node:fs';

import { deviceState, sharesToWeight, type DeviceException, type Resources } from '@ns/cgroups';
import { Variant } from '@jellybrick/dbus-next';

import { bytes, text, u64, type Property } from './variant.js';

/** The kernel's period when none is set. */
const DEFAULT_PERIOD_US = 100_000;

/**
 * Limits as properties of a unit: systemd.resource-control(5).
 *
 * @remarks
 * systemd writes them to the cgroup, and again whenever it looks at the unit; without them it would undo what we
 * write. It knows fewer limits than the kernel: the others are written to the cgroup only, and systemd leaves them.
 *
 * @param isV2 - Whether limits are set on version 2; the names differ.
 */
export function limitProperties(resources: Resources, isV2: boolean): Property[] {
  const { memory, pids, devices } = resources;
  const properties: Property[] = [];
  if (memory?.limitBytes !== undefined)
    properties.push(u64(isV2 ? 'MemoryMax' : 'MemoryLimit', memory.limitBytes));
  if (isV2) properties.push(...memoryV2(resources));
  if (pids?.limit !== undefined) properties.push(u64('TasksMax', pids.limit));
  properties.push(...cpuProperties(resources, isV2));
  if (resources.io?.weight !== undefined && !isV2) properties.push(u64('BlockIOWeight', resources.io.weight));
  if (devices !== undefined) properties.push(...deviceProperties(devices));
  return properties;
}

function memoryV2({ memory = {} }: Resources): Property[] {
  const { limitBytes, memorySwapBytes, reservationBytes, lowBytes, highBytes, minBytes } = memory;
  const properties: Property[] = [];
  const low = lowBytes ?? reservationBytes;
  if (low !== undefined) properties.push(u64('MemoryLow', low));
  if (highBytes !== undefined) properties.push(u64('MemoryHigh', highBytes));
  if (minBytes !== undefined) properties.push(u64('MemoryMin', minBytes));
  // Version 2 limits swap alone: the difference.
  if (memorySwapBytes === 'unlimited') properties.push(u64('MemorySwapMax', 'unlimited'));
  else if (memorySwapBytes !== undefined && typeof limitBytes === 'number') {
    properties.push(u64('MemorySwapMax', memorySwapBytes - limitBytes));
  }
  return properties;
}

function cpuProperties({ cpu = {}, cpuset = {} }: Resources, isV2: boolean): Property[] {
  const properties: Property[] = [];
  const { shares, weight, idle } = cpu;
  // A weight of nothing is how systemd says SCHED_IDLE, since version 252.
  if (isV2 && idle === true) properties.push(u64('CPUWeight', 0));
  else if (isV2 && (weight ?? shares) !== undefined) {
    properties.push(u64('CPUWeight', weight ?? sharesToWeight(shares ?? 1024)));
  } else if (!isV2 && shares !== undefined) properties.push(u64('CPUShares', shares));
  const { periodUs } = cpu;
  const quotaUs =
    cpu.quotaUs ??
    (cpu.nanoCpus === undefined ? undefined : Math.round((cpu.nanoCpus * DEFAULT_PERIOD_US) / 1e9));
  if (periodUs !== undefined) properties.push(u64('CPUQuotaPeriodUSec', periodUs));
  if (quotaUs !== undefined)
    properties.push(u64('CPUQuotaPerSecUSec', perSecond(quotaUs, periodUs ?? DEFAULT_PERIOD_US)));
  if (isV2 && cpuset.cpus !== undefined) properties.push(bytes('AllowedCPUs', bitsOf(cpuset.cpus)));
  if (isV2 && cpuset.mems !== undefined) properties.push(bytes('AllowedMemoryNodes', bitsOf(cpuset.mems)));
  return properties;
}

/** systemd rounds to hundredths of a processor: it must not come to less than what is asked for. */
const perSecond = (quotaUs: number | 'unlimited', periodUs: number): number | 'unlimited' =>
  quotaUs === 'unlimited' ? quotaUs : Math.ceil((quotaUs * 1_000_000) / periodUs / 10_000) * 10_000;

/** `0-2,8` as bits, lowest byte first. */
export function bitsOf(list: string): Uint8Array {
  const numbers = list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const bits = new Uint8Array(Math.floor(Math.max(0, ...numbers) / 8) + 1);
  for (const number of numbers) bits[number >> 3] = (bits[number >> 3] ?? 0) | (1 << (number & 7));
  return bits;
}

/** systemd sets the device list of a unit anew whenever it looks at it: it has to know ours. */
function deviceProperties(rules: NonNullable<Resources['devices']>): Property[] {
  const { allowsAll, exceptions } = deviceState(rules);
  const list = (entries: [string, string][]): Property => ['DeviceAllow', new Variant('a(ss)', entries)];
  // systemd has no list of what is forbidden: that is written to the cgroup alone.
  if (allowsAll) return [text('DevicePolicy', 'auto'), list([])];
  const groups = deviceGroups();
  return [
    text('DevicePolicy', 'strict'),
    list([...exceptions.values()].flatMap((one): [string, string][] => entryOf(one, groups))),
  ];
}

function entryOf(one: DeviceException, groups: ReadonlyMap<string, string>): [string, string][] {
  const kind = one.type === 'c' ? 'char' : 'block';
  // BPF_DEVCG_ACC_MKNOD, _READ, _WRITE.
  const access = ['m', 'r', 'w'].filter((_, bit) => (one.access & (1 << bit)) !== 0).join('');
  if (one.major === '*') return one.minor === '*' ? [[`${kind}-*`, access]] : [];
  if (one.minor !== '*') return [[`/dev/${kind}/${one.major}:${one.minor}`, access]];
  // A whole major number goes by the name of its driver; one without a driver has no devices.
  const group = groups.get(`${one.type} ${one.major}`);
  return group === undefined ? [] : [[`${kind}-${group}`, access]];
}

/** The names of drivers by type and major number, from `/proc/devices`. */
function deviceGroups(): Map<string, string> {
  const groups = new Map<string, string>();
  let type = 'c';
  for (const line of readFileSync('/proc/devices', 'utf8').split('\n')) {
    if (line.startsWith('Block')) type = 'b';
    const match = /^\s*(\d+) (\S+)$/.exec(line);
    if (match !== null) groups.set(`${type} ${match[1]}`, match[2] ?? '');
  }
  return groups;
}
