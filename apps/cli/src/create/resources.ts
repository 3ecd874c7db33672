import type { DeviceMapping, Resources, ThrottleDevice, WeightDevice } from '@ns/engine-api';

import { bool, list, parseInteger, value, type Flag, type Values } from '../flags/flag.js';
import { parseSize } from './size.js';
import { checkTarget } from './target.js';

/** What can be changed while a container runs. */
export type UpdateFlags = {
  readonly blkioWeight: Flag<number | undefined>;
  readonly cpuPeriod: Flag<number | undefined>;
  readonly cpuQuota: Flag<number | undefined>;
  readonly cpuRtPeriod: Flag<number | undefined>;
  readonly cpuRtRuntime: Flag<number | undefined>;
  readonly cpuShares: Flag<number | undefined>;
  readonly cpus: Flag<number | undefined>;
  readonly cpusetCpus: Flag<string | undefined>;
  readonly cpusetMems: Flag<string | undefined>;
  readonly memory: Flag<number | undefined>;
  readonly memoryReservation: Flag<number | undefined>;
  readonly memorySwap: Flag<number | undefined>;
  readonly pidsLimit: Flag<number | undefined>;
};

/** What a container may use of the machine. */
export type ResourceFlags = UpdateFlags & {
  readonly blkioWeightDevice: Flag<readonly WeightDevice[]>;
  readonly cgroupParent: Flag<string | undefined>;
  readonly device: Flag<readonly DeviceMapping[]>;
  readonly deviceCgroupRule: Flag<readonly string[]>;
  readonly deviceReadBps: Flag<readonly ThrottleDevice[]>;
  readonly deviceReadIops: Flag<readonly ThrottleDevice[]>;
  readonly deviceWriteBps: Flag<readonly ThrottleDevice[]>;
  readonly deviceWriteIops: Flag<readonly ThrottleDevice[]>;
  readonly memorySwappiness: Flag<number | undefined>;
  readonly oomKillDisable: Flag<boolean>;
};

const integer = (help: string, short?: string): Flag<number | undefined> =>
  value(help, { value: 'int', parse: parseInteger, ...(short === undefined ? {} : { short }) });
const bytes = (help: string, short?: string): Flag<number | undefined> =>
  value(help, { value: 'bytes', parse: parseSize, ...(short === undefined ? {} : { short }) });

/** See {@link UpdateFlags}. */
export const updateFlags: UpdateFlags = {
  blkioWeight: integer('Block IO (relative weight), between 10 and 1000, or 0 to disable'),
  cpuPeriod: integer('Limit CPU CFS (Completely Fair Scheduler) period, in microseconds'),
  cpuQuota: integer('Limit CPU CFS (Completely Fair Scheduler) quota, in microseconds'),
  cpuRtPeriod: integer('Limit CPU real-time period in microseconds'),
  cpuRtRuntime: integer('Limit CPU real-time runtime in microseconds'),
  cpuShares: integer('CPU shares (relative weight)', 'c'),
  cpus: value('Number of CPUs', { value: 'decimal', parse: parseCpus }),
  cpusetCpus: value('CPUs in which to allow execution (0-3, 0,1)'),
  cpusetMems: value('MEMs in which to allow execution (0-3, 0,1)'),
  memory: bytes('Memory limit', 'm'),
  memoryReservation: bytes('Memory soft limit'),
  memorySwap: value('Limit of memory and swap together: -1 to enable unlimited swap', {
    value: 'bytes',
    parse: (text: string) => (text === '-1' ? -1 : parseSize(text)),
  }),
  pidsLimit: integer('Tune container pids limit (set -1 for unlimited)'),
};

/** See {@link ResourceFlags}. */
export const resourceFlags: ResourceFlags = {
  ...updateFlags,
  blkioWeightDevice: list('Block IO weight (relative device weight): /dev/sda:100', {
    parse: (text: string) => parseWeight(text),
  }),
  cgroupParent: value('Optional parent cgroup for the container'),
  device: list('Add a host device to the container: /dev/fuse[:/dev/other][:rwm]', { parse: parseDevice }),
  deviceCgroupRule: list('Add a rule to the cgroup allowed devices list: c 10:229 rwm', {
    parse: parseDeviceRule,
  }),
  deviceReadBps: list('Limit read rate (bytes per second) from a device: /dev/sda:10m', {
    parse: rate(parseSize),
  }),
  deviceReadIops: list('Limit read rate (IO per second) from a device: /dev/sda:100', {
    parse: rate(parseInteger),
  }),
  deviceWriteBps: list('Limit write rate (bytes per second) to a device', { parse: rate(parseSize) }),
  deviceWriteIops: list('Limit write rate (IO per second) to a device', { parse: rate(parseInteger) }),
  memorySwappiness: value('Tune container memory swappiness (0 to 100)', {
    value: 'int',
    parse: parseSwappiness,
  }),
  oomKillDisable: bool('Disable OOM Killer'),
};

type Draft<T> = { [K in keyof T]?: T[K] | undefined };

/** The resources that were asked for, as `update` sends them. */
export function updateOf(flags: Values<UpdateFlags>): Draft<Resources> {
  return {
    BlkioWeight: flags.blkioWeight,
    CpuPeriod: flags.cpuPeriod,
    CpuQuota: flags.cpuQuota,
    CpuRealtimePeriod: flags.cpuRtPeriod,
    CpuRealtimeRuntime: flags.cpuRtRuntime,
    CpuShares: flags.cpuShares,
    NanoCpus: flags.cpus,
    CpusetCpus: flags.cpusetCpus,
    CpusetMems: flags.cpusetMems,
    Memory: flags.memory,
    MemoryReservation: flags.memoryReservation,
    MemorySwap: flags.memorySwap,
    PidsLimit: flags.pidsLimit,
  };
}

/** The same for `create` and `run`. */
export function resourcesOf(flags: Values<ResourceFlags>): Draft<Resources> {
  return {
    ...updateOf(flags),
    BlkioWeightDevice: [...flags.blkioWeightDevice],
    CgroupParent: flags.cgroupParent,
    Devices: [...flags.device],
    DeviceCgroupRules: [...flags.deviceCgroupRule],
    BlkioDeviceReadBps: [...flags.deviceReadBps],
    BlkioDeviceReadIOps: [...flags.deviceReadIops],
    BlkioDeviceWriteBps: [...flags.deviceWriteBps],
    BlkioDeviceWriteIOps: [...flags.deviceWriteIops],
    MemorySwappiness: flags.memorySwappiness,
    OomKillDisable: flags.oomKillDisable ? true : undefined,
  };
}

/** `1.5`: billionths of a CPU. @throws `Error` */
export function parseCpus(text: string): number {
  const nano = Math.round(Number(text) * 1e9);
  if (!/^\d*\.?\d+$/.test(text) || !Number.isSafeInteger(nano)) {
    throw new Error(`failed to parse ${text} as a rational number`);
  }
  return nano;
}

/** `/dev/fuse`, `/dev/fuse:rw`, `/dev/fuse:/dev/other:r`. @throws `Error` */
export function parseDevice(text: string): DeviceMapping {
  const [source = '', ...rest] = text.split(':');
  if (rest.length > 2) throw new Error(`invalid device specification: ${text}`);
  const isMode = (word: string | undefined): word is string =>
    word !== undefined && /^[rwm]{1,3}$/.test(word);
  const last = rest.at(-1);
  const permissions = isMode(last) ? last : 'rwm';
  const target = isMode(last) ? rest.at(-2) : rest[0];
  if (rest.length === 2 && !isMode(last)) throw new Error(`invalid device mode: ${last}`);
  return {
    PathOnHost: checkTarget(source),
    PathInContainer: checkTarget(target === undefined || target === '' ? source : target),
    CgroupPermissions: permissions,
  };
}

/** `c 1:3 rwm`, `a *:* rwm`. @throws `Error` */
export function parseDeviceRule(text: string): string {
  if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw new Error(`invalid device cgroup format '${text}'`);
}

function deviceOf(text: string): [path: string, value: string] {
  const at = text.lastIndexOf(':');
  const path = text.slice(0, at);
  if (at < 1 || !path.startsWith('/dev/')) {
    throw new Error(`bad format: ${text}: it is <device-path>:<value>, the path below /dev`);
  }
  return [path, text.slice(at + 1)];
}

function parseWeight(text: string): WeightDevice {
  const [Path, weight] = deviceOf(text);
  const Weight = parseInteger(weight);
  if (Weight !== 0 && (Weight < 10 || Weight > 1000)) throw new Error(`invalid weight for device: ${text}`);
  return { Path, Weight };
}

function rate(parse: (text: string) => number): (text: string) => ThrottleDevice {
  return (text) => {
    const [Path, amount] = deviceOf(text);
    const Rate = parse(amount);
    if (Rate < 0) throw new Error(`invalid rate for device: ${text}: it is below 0`);
    return { Path, Rate };
  };
}

function parseSwappiness(text: string): number {
  const number = parseInteger(text);
  if (number < -1 || number > 100)
    throw new Error(`invalid value: ${text}, valid memory swappiness range is 0-100`);
  return number;
}
