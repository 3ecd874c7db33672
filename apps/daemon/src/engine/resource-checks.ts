import type { Resources as Limits } from '@ns/engine-api';

import type { CgroupSupport } from './cgroup-support.js';
import { DOCKER, invalid } from './errors.js';
import type { Machine } from './machine.js';

/** Limits that can be set, and what of those that were asked for cannot. */
export interface CheckedLimits<T extends Limits> {
  readonly limits: T;
  /** Docker's sentences. */
  readonly warnings: readonly string[];
}

/** What Docker asks for: below it, a program cannot be started. */
const MINIMUM_MEMORY = 6 * 1024 * 1024;
/** The least that the kernel gives: 1 ms of 100. */
const MINIMUM_NANO_CPUS = 10_000_000;

/**
 * Docker's checks of limits, in Docker's words. What this machine cannot do is taken out, with a warning. Pure.
 *
 * @param isUpdate - They change others, which are not known here.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function checkLimits<T extends Limits>(
  given: T,
  machine: Machine,
  isUpdate = false,
): CheckedLimits<T> {
  const limits: T = { ...given };
  const warnings = discard(limits, machine.support);
  checkMemory(limits, isUpdate, warnings);
  checkCpu(limits, machine);
  checkCpuset(limits, machine);
  const weight = limits.BlkioWeight ?? 0;
  if (weight !== 0 && (weight < 10 || weight > 1000)) refuse('Range of blkio weight is from 10 to 1000');
  return { limits, warnings };
}

function refuse(message: string, hint?: string): never {
  throw invalid(DOCKER, message, hint);
}

type Member = keyof Limits;

/** What needs which part of control groups, and what Docker says when it is not there. */
const NEEDS: readonly (readonly [part: keyof CgroupSupport, members: readonly Member[], text: string])[] = [
  [
    'memory',
    ['Memory'],
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  ],
  [
    'swap',
    ['MemorySwap'],
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
  ],
  [
    'swappiness',
    ['MemorySwappiness'],
    'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
  ],
  [
    'reservation',
    ['MemoryReservation'],
    'Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.',
  ],
  [
    'oomKillDisable',
    ['OomKillDisable'],
    'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
  ],
  [
    'pids',
    ['PidsLimit'],
    'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
  ],
  [
    'cpuShares',
    ['CpuShares'],
    'Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.',
  ],
  [
    'cpuQuota',
    ['CpuPeriod', 'CpuQuota'],
    'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.',
  ],
  [
    'cpuRealtime',
    ['CpuRealtimePeriod', 'CpuRealtimeRuntime'],
    'Your kernel does not support CPU real-time scheduler. CPU real-time period/runtime discarded.',
  ],
  [
    'cpuset',
    ['CpusetCpus', 'CpusetMems'],
    'Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.',
  ],
  [
    'ioWeight',
    ['BlkioWeight'],
    'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  ],
  [
    'ioWeight',
    ['BlkioWeightDevice'],
    'Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.',
  ],
  [
    'ioRates',
    ['BlkioDeviceReadBps', 'BlkioDeviceWriteBps', 'BlkioDeviceReadIOps', 'BlkioDeviceWriteIOps'],
    'Your kernel does not support Block I/O rate limits or the cgroup is not mounted. Block I/O rate limits discarded.',
  ],
];

function discard(limits: Limits, support: CgroupSupport): string[] {
  if ((limits.NanoCpus ?? 0) > 0 && !support.cpuQuota) {
    refuse(
      'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
    );
  }
  const warnings: string[] = [];
  for (const [part, members, text] of NEEDS) {
    if (support[part]) continue;
    // That nothing is to be limited needs no support.
    if (members.some((member) => isLimit(limits[member]))) warnings.push(text);
    for (const member of members) delete limits[member];
  }
  return warnings;
}

/** Whether a member of a request limits anything: 0, -1, false, empty and absent do not. */
export function isLimit(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return (
    value !== undefined && value !== null && value !== 0 && value !== -1 && value !== '' && value !== false
  );
}

function checkMemory(limits: Limits, isUpdate: boolean, warnings: string[]): void {
  const { Memory: memory = 0, MemorySwap: swap = 0, MemoryReservation: reservation = 0 } = limits;
  if (memory !== 0 && memory < MINIMUM_MEMORY) refuse('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory) {
    refuse(
      'Minimum memoryswap limit should be larger than memory limit, see usage',
      'It counts memory and swap together: the same as the memory limit means no swap.',
    );
  }
  if (memory === 0 && swap > 0 && !isUpdate) {
    refuse('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  const swappiness = limits.MemorySwappiness ?? -1;
  if (swappiness > 100 || swappiness < -1) {
    refuse(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  if (reservation > 0 && reservation < MINIMUM_MEMORY) refuse('Minimum memory reservation allowed is 6MB');
  if (memory > 0 && reservation > memory) {
    refuse('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  if (limits.OomKillDisable && memory === 0) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
}

function checkCpu(limits: Limits, { cpuCount }: Machine): void {
  const { NanoCpus: nano = 0, CpuPeriod: period = 0, CpuQuota: quota = 0 } = limits;
  if (nano > 0 && period > 0) refuse('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nano > 0 && quota > 0) refuse('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nano !== 0 && (nano < MINIMUM_NANO_CPUS || nano > cpuCount * 1e9)) {
    refuse(`range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`);
  }
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (quota > 0 && quota < 1000) refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function checkCpuset(limits: Limits, { cpus, mems }: Machine): void {
  for (const [given, there, what, name] of [
    [limits.CpusetCpus, cpus, 'CPUs', 'cpus'],
    [limits.CpusetMems, mems, 'memory nodes', 'mems'],
  ] as const) {
    if (!given) continue;
    const wanted = listOf(given);
    if (wanted === undefined) refuse(`Invalid value ${given} for cpuset ${name}`, 'For example 0-3,5.');
    const available = new Set(listOf(there));
    if (there === '' || wanted.every((one) => available.has(one))) continue;
    refuse(`Requested ${what} are not available - requested ${given}, available: ${there}`);
  }
}

/** `0-2,5` is 0, 1, 2, 5; undefined when it is no such list. See cpuset(7). */
function listOf(text: string): number[] | undefined {
  const found: number[] = [];
  for (const part of text.trim().split(',')) {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(first) > Number(last)) return undefined;
    for (let one = Number(first); one <= Number(last); one += 1) found.push(one);
  }
  return found;
}
