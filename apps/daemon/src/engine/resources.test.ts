import type { Resources as Limits } from '@ns/engine-api';
import { describe, expect, it } from 'vitest';

import { fakeMachine } from '../../test/fake-machine.js';
import { cgroupPathOf, changesOf, resourcesOf, withSwap } from './resources.js';

const MIB = 2 ** 20;
const machine = fakeMachine();

describe('resourcesOf', () => {
  it('is empty where nothing is limited', () => {
    const none: Limits = {
      Memory: 0,
      MemorySwap: 0,
      MemorySwappiness: -1,
      CpuShares: 0,
      CpuQuota: 0,
      NanoCpus: 0,
    };
    expect(resourcesOf({}, machine)).toEqual({});
    expect(resourcesOf({ ...none, PidsLimit: null, OomKillDisable: false, CpusetCpus: '' }, machine)).toEqual(
      {},
    );
  });

  it.each<[Limits, object]>([
    [
      { Memory: 64 * MIB, MemorySwap: 128 * MIB },
      { memory: { limitBytes: 64 * MIB, memorySwapBytes: 128 * MIB } },
    ],
    [{ Memory: MIB, MemorySwap: -1 }, { memory: { limitBytes: MIB, memorySwapBytes: 'unlimited' } }],
    [
      { MemoryReservation: MIB, MemorySwappiness: 0, OomKillDisable: true },
      { memory: { reservationBytes: MIB, swappiness: 0, oomKillDisable: true } },
    ],
    [{ NanoCpus: 1.5e9 }, { cpu: { nanoCpus: 1.5e9 } }],
    [{ CpuShares: 1 }, { cpu: { shares: 2 } }],
    [{ CpuShares: 1e6 }, { cpu: { shares: 262_144 } }],
    [{ CpuPeriod: 50_000, CpuQuota: 25_000 }, { cpu: { periodUs: 50_000, quotaUs: 25_000 } }],
    [{ CpuQuota: -1 }, { cpu: { quotaUs: 'unlimited' } }],
    [
      { CpuRealtimePeriod: 1000, CpuRealtimeRuntime: 500 },
      { cpu: { realtimePeriodUs: 1000, realtimeRuntimeUs: 500 } },
    ],
    [{ CpusetCpus: '0-1', CpusetMems: '0' }, { cpuset: { cpus: '0-1', mems: '0' } }],
    [{ PidsLimit: 10 }, { pids: { limit: 10 } }],
    [{ PidsLimit: -1 }, { pids: { limit: 'unlimited' } }],
    [{ PidsLimit: 0 }, { pids: { limit: 'unlimited' } }],
    [
      { BlkioWeight: 300, BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 100 }] },
      { io: { weight: 300, deviceWeights: [{ major: 8, minor: 0, weight: 100 }] } },
    ],
    [
      {
        BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: MIB }],
        BlkioDeviceWriteBps: [{ Path: '/dev/disk/data', Rate: 0 }],
        BlkioDeviceReadIOps: [{ Path: '/dev/sda', Rate: 10 }],
        BlkioDeviceWriteIOps: [],
      },
      {
        io: {
          readBps: [{ major: 8, minor: 0, rate: MIB }],
          writeBps: [{ major: 8, minor: 0, rate: 'unlimited' }],
          readIops: [{ major: 8, minor: 0, rate: 10 }],
        },
      },
    ],
  ])('%j', (limits, resources) => {
    expect(resourcesOf(limits, machine)).toEqual(resources);
  });

  it.each([
    ['/dev/nope', 'no such file or directory'],
    ['/dev/null', 'is not a block device'],
    ['/dev', 'is not a block device'],
    ['sda', 'no such file or directory'],
  ])('refuses to limit %s', (path, text) => {
    expect(() => resourcesOf({ BlkioDeviceReadBps: [{ Path: path, Rate: 1 }] }, machine)).toThrow(
      `device ${path}${text.startsWith('no') ? ': ' : ' '}${text}`,
    );
  });
});

describe('withSwap', () => {
  it('gives as much swap as memory, unless somebody says otherwise', () => {
    expect(withSwap({ Memory: MIB })).toEqual({ Memory: MIB, MemorySwap: 2 * MIB });
    expect(withSwap({ Memory: MIB, MemorySwap: -1 })).toEqual({ Memory: MIB, MemorySwap: -1 });
    expect(withSwap({ Memory: MIB, MemorySwap: MIB })).toEqual({ Memory: MIB, MemorySwap: MIB });
    expect(withSwap({})).toEqual({});
  });
});

describe('changesOf', () => {
  it('keeps what an update says, and nothing that it cannot change', () => {
    const given = {
      Memory: MIB,
      MemorySwap: -1,
      CpuShares: 0,
      CpusetCpus: '',
      PidsLimit: 0,
      Privileged: true,
    };
    expect(changesOf(given)).toEqual({ Memory: MIB, MemorySwap: -1, PidsLimit: 0 });
  });
});

describe('cgroupPathOf', () => {
  it.each([
    ['/mine', '/mine/id'],
    ['mine/too/', '/mine/too/id'],
  ])('%s: %s', (parent, path) => {
    expect(cgroupPathOf('x', parent, 'id')).toBe(path);
  });

  it.each([
    ['system.slice', 'system.slice is a slice of systemd'],
    ['/a.slice/b', 'a.slice is a slice of systemd'],
    ['/../up', 'is no path of a control group'],
    ['/', 'is no path of a control group'],
    ['', 'is no path of a control group'],
  ])('refuses %s', (parent, text) => {
    expect(() => cgroupPathOf('x', parent, 'id')).toThrow(text);
  });
});
