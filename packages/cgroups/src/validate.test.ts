import { NsError } from '@ns/errors';
import { describe, expect, test } from 'vitest';

import type { Resources } from './resources.js';
import { validateResources } from './validate.js';

const MIB = 2 ** 20;

describe('resources', () => {
  test.each<[Resources, RegExp]>([
    [{ memory: { limitBytes: 2048 } }, /memory limit 2048 is below the minimum of 512 KiB/],
    [{ memory: { limitBytes: 2.5 * MIB + 0.5 } }, /no whole number/],
    [{ memory: { limitBytes: Number.NaN } }, /no whole number/],
    [
      { memory: { limitBytes: 64 * MIB, memorySwapBytes: 32 * MIB } },
      /together, 33554432, is below the memory limit, 67108864/,
    ],
    [{ memory: { limitBytes: 'unlimited', memorySwapBytes: 32 * MIB } }, /below the memory limit, unlimited/],
    [
      { memory: { limitBytes: MIB, reservationBytes: 2 * MIB } },
      /reservation, 2097152, is above the memory limit/,
    ],
    [{ memory: { limitBytes: MIB, highBytes: 2 * MIB } }, /high, 2097152, is above/],
    [{ memory: { minBytes: 2 * MIB, lowBytes: MIB } }, /min, 2097152, is above memory low/],
    [{ memory: { lowBytes: 1, reservationBytes: 2 } }, /the same thing, and differ/],
    [{ memory: { swappiness: 101 } }, /swappiness 101 is not a whole number from 0 to 100/],
    [{ memory: { limitBytes: 'unlimited', oomKillDisable: true } }, /OOM killer is to be off/],
    [{ cpu: { shares: 1 } }, /cpu shares 1 is not a whole number from 2 to 262144/],
    [{ cpu: { shares: 2, weight: 1 } }, /the same thing: give one/],
    [{ cpu: { nanoCpus: 1e9, quotaUs: 1000 } }, /give one or the other/],
    [{ cpu: { nanoCpus: 1e6 } }, /number of cpus/],
    [{ cpu: { quotaUs: 999 } }, /cpu quota 999 is below the minimum of 1000 µs/],
    [{ cpu: { periodUs: 1_000_001 } }, /cpu period 1000001/],
    [{ cpu: { quotaUs: 2000, burstUs: 2001 } }, /burst, 2001 µs, is above the quota, 2000 µs/],
    [{ cpu: { realtimeRuntimeUs: 2, realtimePeriodUs: 1 } }, /runtime, 2 µs, is above its period, 1 µs/],
    [{ cpu: { idle: true, shares: 10 } }, /no cpu shares/],
    [{ cpuset: { cpus: '0-' } }, /cpuset cpus "0-" is no list/],
    [{ pids: { limit: 0 } }, /process limit 0 is below the minimum of 1/],
    [{ io: { weight: 9 } }, /io weight 9/],
    [{ io: { readBps: [{ major: 8, minor: 0, rate: 0 }] } }, /readBps of 8:0 0 is below/],
    [{ io: { writeIops: [{ major: 4096, minor: 0, rate: 1 }] } }, /major device number 4096/],
    [{ hugetlb: [{ pageSize: '2M', limitBytes: 1 }] }, /huge page size "2M"/],
    [{ devices: [{ allow: true, type: 'c', access: 'x' }] }, /device access "x"/],
    [{ unified: { '../x': '1' } }, /no name of a control file/],
    [{ unified: { 'cgroup.procs': '1' } }, /cgroup.procs is no limit/],
    [{ unified: { 'memory.high': '' } }, /value "" for memory.high/],
  ])('%j are refused', (resources, reason) => {
    expect(() => validateResources(resources)).toThrow(reason);
    expect(() => validateResources(resources)).toThrow(NsError);
  });

  test.each<Resources>([
    {},
    { memory: { limitBytes: 64 * MIB, memorySwapBytes: 64 * MIB, reservationBytes: 64 * MIB } },
    { memory: { limitBytes: 'unlimited', memorySwapBytes: 'unlimited' } },
    { memory: { memorySwapBytes: 64 * MIB } },
    { cpu: { nanoCpus: 10_000_000, burstUs: 1000 } },
    { cpu: { quotaUs: 'unlimited', burstUs: 1000 } },
    { cpuset: { cpus: '0-1', mems: '0' } },
    { unified: { 'hugetlb.2MB.max': '0', 'cgroup.max.depth': '1' } },
  ])('%j are possible', (resources) => {
    expect(() => validateResources(resources)).not.toThrow();
  });
});
