import type { Resources as Limits } from '@ns/engine-api';
import { describe, expect, it } from 'vitest';

import { fakeMachine } from '../../test/fake-machine.js';
import type { CgroupSupport } from './cgroup-support.js';
import { checkLimits } from './resource-checks.js';

const MIB = 2 ** 20;
const check = (limits: Limits, isUpdate?: boolean): ReturnType<typeof checkLimits<Limits>> =>
  checkLimits(limits, fakeMachine(), isUpdate);

describe('checkLimits', () => {
  it.each<[Limits, string]>([
    [{ Memory: 6 * MIB - 1 }, 'Minimum memory limit allowed is 6MB'],
    [
      { Memory: 64 * MIB, MemorySwap: 32 * MIB },
      'Minimum memoryswap limit should be larger than memory limit, see usage',
    ],
    [
      { MemorySwap: 32 * MIB },
      'You should always set the Memory limit when using Memoryswap limit, see usage',
    ],
    [{ MemoryReservation: MIB }, 'Minimum memory reservation allowed is 6MB'],
    [
      { Memory: 8 * MIB, MemoryReservation: 9 * MIB },
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    ],
    [{ MemorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
    [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
    [{ NanoCpus: 1e9, CpuQuota: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
    [{ NanoCpus: 5e9 }, 'range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
    [{ NanoCpus: 9_999_999 }, 'range of CPUs is from 0.01 to 4.00'],
    [{ CpuPeriod: 999 }, 'CPU cfs period can not be less than 1ms'],
    [{ CpuPeriod: 1_000_001 }, 'CPU cfs period can not be less than 1ms'],
    [{ CpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms'],
    [{ CpusetCpus: 'all' }, 'Invalid value all for cpuset cpus'],
    [{ CpusetCpus: '3-1' }, 'Invalid value 3-1 for cpuset cpus'],
    [{ CpusetCpus: '0,4' }, 'Requested CPUs are not available - requested 0,4, available: 0-3'],
    [{ CpusetMems: '1' }, 'Requested memory nodes are not available - requested 1, available: 0'],
    [{ BlkioWeight: 9 }, 'Range of blkio weight is from 10 to 1000'],
  ])('refuses %j', (limits, message) => {
    expect(() => check(limits)).toThrow(message);
  });

  it.each<Limits>([
    { Memory: 6 * MIB, MemorySwap: 6 * MIB, MemoryReservation: 6 * MIB },
    { Memory: 64 * MIB, MemorySwap: -1, OomKillDisable: true },
    { NanoCpus: 4e9, CpusetCpus: '0-1,3', CpusetMems: '0' },
    { CpuPeriod: 1000, CpuQuota: -1, MemorySwappiness: -1, PidsLimit: -1 },
  ])('takes %j', (limits) => {
    expect(check(limits)).toEqual({ limits, warnings: [] });
  });

  it('knows that an update has other limits to go with', () => {
    expect(check({ MemorySwap: 32 * MIB }, true).warnings).toEqual([]);
  });

  it('warns of an OOM killer that is off without a limit', () => {
    expect(check({ OomKillDisable: true }).warnings).toEqual([
      expect.stringContaining('no memory limit is set'),
    ]);
  });

  it.each<[keyof CgroupSupport, Limits, string]>([
    ['memory', { Memory: 64 * MIB }, 'memory limit capabilities'],
    ['swap', { MemorySwap: 64 * MIB }, 'Memory limited without swap.'],
    ['oomKillDisable', { OomKillDisable: true }, 'OomKillDisable discarded.'],
    ['pids', { PidsLimit: 3 }, 'PIDs limit discarded.'],
    ['cpuShares', { CpuShares: 3 }, 'Shares discarded.'],
    ['cpuset', { CpusetCpus: '77' }, 'Cpuset discarded.'],
    ['ioWeight', { BlkioWeight: 10 }, 'Weight discarded.'],
    ['ioRates', { BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }] }, 'rate limits discarded.'],
  ])('without %s, takes out %j', (part, limits, text) => {
    const { limits: left, warnings } = checkLimits(limits, fakeMachine({ [part]: false }));
    expect(left).toEqual({});
    expect(warnings).toEqual([expect.stringContaining(text)]);
  });

  it('asks for no support where nothing is limited', () => {
    const limits = { PidsLimit: -1, CpuShares: 0, OomKillDisable: false };
    expect(
      checkLimits(limits, fakeMachine({ pids: false, cpuShares: false, oomKillDisable: false })),
    ).toEqual({
      limits: {},
      warnings: [],
    });
  });

  it('refuses a number of processors that cannot be kept', () => {
    expect(() => checkLimits({ NanoCpus: 1e9 }, fakeMachine({ cpuQuota: false }))).toThrow(
      'NanoCPUs can not be set',
    );
  });
});
