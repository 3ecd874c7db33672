import { posix } from 'node:path';

import type { DeviceRate, IoResources, Limit, MemoryResources, Resources } from '@ns/cgroups';
import type { Resources as Limits, ThrottleDevice } from '@ns/engine-api';

import { invalid } from './errors.js';
import type { Machine } from './machine.js';
import { isLimit } from './resource-checks.js';

/** The kernel's own bounds, to which it brings what is outside. */
const SHARES = { least: 2, most: 262_144 } as const;

/** Docker's default for swap: as much again as there is memory. */
export function withSwap<T extends Limits>(limits: T): T {
  const { Memory: memory = 0, MemorySwap: swap = 0 } = limits;
  return memory > 0 && swap === 0 ? { ...limits, MemorySwap: 2 * memory } : limits;
}

/**
 * The limits of a request as control groups take them, but for devices. Pure; they have been checked.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a path that is no block device.
 */
export function resourcesOf(limits: Limits, machine: Pick<Machine, 'deviceAt'>): Resources {
  const parts = {
    memory: memoryOf(limits),
    cpu: cpuOf(limits),
    cpuset: known({ cpus: limits.CpusetCpus || undefined, mems: limits.CpusetMems || undefined }),
    pids: known({ limit: pidsOf(limits.PidsLimit) }),
    io: ioOf(limits, machine),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
}

/** The members that are given. */
const known = <T extends object>(members: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;

/** 0 says nothing, -1 lifts. */
const limitOf = (value: number | null | undefined): Limit | undefined =>
  value === undefined || value === null || value === 0 ? undefined : value < 0 ? 'unlimited' : value;

/** 0 lifts a limit too, as in Docker. */
const pidsOf = (value: number | null | undefined): Limit | undefined =>
  value === undefined || value === null ? undefined : value <= 0 ? 'unlimited' : value;

function memoryOf(limits: Limits): MemoryResources {
  const swappiness = limits.MemorySwappiness ?? -1;
  return known<MemoryResources>({
    limitBytes: limitOf(limits.Memory),
    memorySwapBytes: limitOf(limits.MemorySwap),
    reservationBytes: limitOf(limits.MemoryReservation),
    oomKillDisable: limits.OomKillDisable ? true : undefined,
    swappiness: swappiness < 0 ? undefined : swappiness,
  });
}

function cpuOf(limits: Limits): NonNullable<Resources['cpu']> {
  const shares = limits.CpuShares ?? 0;
  return known<NonNullable<Resources['cpu']>>({
    shares: shares > 0 ? Math.min(Math.max(shares, SHARES.least), SHARES.most) : undefined,
    nanoCpus: limits.NanoCpus || undefined,
    quotaUs: limitOf(limits.CpuQuota),
    periodUs: limits.CpuPeriod || undefined,
    realtimePeriodUs: limits.CpuRealtimePeriod || undefined,
    realtimeRuntimeUs: limits.CpuRealtimeRuntime || undefined,
  });
}

function ioOf(limits: Limits, machine: Pick<Machine, 'deviceAt'>): IoResources {
  const rates = (given: readonly ThrottleDevice[] | null | undefined): readonly DeviceRate[] | undefined =>
    isLimit(given)
      ? given?.map(({ Path, Rate }) => ({
          ...blockDevice(Path, machine),
          rate: Rate === 0 ? 'unlimited' : Rate,
        }))
      : undefined;
  const weights = limits.BlkioWeightDevice ?? [];
  return known<IoResources>({
    weight: limits.BlkioWeight || undefined,
    deviceWeights:
      weights.length > 0
        ? weights.map(({ Path, Weight }) => ({ ...blockDevice(Path, machine), weight: Weight }))
        : undefined,
    readBps: rates(limits.BlkioDeviceReadBps),
    writeBps: rates(limits.BlkioDeviceWriteBps),
    readIops: rates(limits.BlkioDeviceReadIOps),
    writeIops: rates(limits.BlkioDeviceWriteIOps),
  });
}

function blockDevice(path: string, machine: Pick<Machine, 'deviceAt'>): { major: number; minor: number } {
  const found = path.startsWith('/') ? machine.deviceAt(path) : undefined;
  if (typeof found === 'object' && found.type === 'b') return { major: found.major, minor: found.minor };
  throw invalid(
    'HostConfig.Blkio',
    found === undefined
      ? `device ${path}: no such file or directory`
      : `device ${path} is not a block device`,
    'Give the absolute path of a disk of the host: /dev/sda.',
  );
}

/** Members of a request that an update may change. */
const UPDATABLE = [
  'BlkioWeight',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpuShares',
  'CpusetCpus',
  'CpusetMems',
  'Memory',
  'MemoryReservation',
  'MemorySwap',
  'NanoCpus',
  'PidsLimit',
] as const;

/** Those members of an update that say anything. */
export function changesOf(update: Limits): Limits {
  return Object.fromEntries(
    UPDATABLE.map((member) => [member, update[member]] as const).filter(
      ([member, value]) =>
        value !== undefined && value !== null && value !== '' && (value !== 0 || member === 'PidsLimit'),
    ),
  );
}

/**
 * The path of a control group.
 *
 * @param operation - Who asks for it.
 * @param parent - What was asked for: a path below the mount points, with or without a slash at its beginning.
 * @param names - Names below it.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function cgroupPathOf(operation: string, parent: string, ...names: readonly string[]): string {
  const steps = parent.split('/').filter((step) => step !== '');
  const slice = steps.find((step) => step.endsWith('.slice'));
  if (slice !== undefined) {
    throw invalid(
      operation,
      `cgroup-parent ${parent}: ${slice} is a slice of systemd, and control groups are managed without it here`,
      'Give the path of a group that is not managed by systemd, such as /mygroup.',
    );
  }
  if (steps.length === 0 || steps.some((step) => step === '.' || step === '..') || parent.includes('\0')) {
    throw invalid(
      operation,
      `cgroup-parent ${JSON.stringify(parent)} is no path of a control group`,
      'Give a path below the mount points of control groups, such as /mygroup.',
    );
  }
  return posix.join('/', ...steps, ...names);
}
