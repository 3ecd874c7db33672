import { describe, expect, test } from 'vitest';

import { withDockerDefaults } from './docker.js';
import { fromOciResources, type OciResources } from './oci.js';
import type { Resources } from './resources.js';

describe('an OCI configuration', () => {
  test.each<[OciResources, Resources]>([
    [{}, {}],
    [{ memory: { limit: 0, swap: 0 }, cpu: { shares: 0, cpus: '' }, pids: { limit: 0 } }, {}],
    [
      { memory: { limit: 100, swap: -1, reservation: 50, swappiness: 0, disableOOMKiller: true, kernel: 7 } },
      {
        memory: {
          limitBytes: 100,
          memorySwapBytes: 'unlimited',
          reservationBytes: 50,
          swappiness: 0,
          oomKillDisable: true,
        },
      },
    ],
    [
      { cpu: { shares: 512, quota: -1, period: 100_000, burst: 0, cpus: '0-1', mems: '0', idle: 1 } },
      {
        cpu: { shares: 512, quotaUs: 'unlimited', periodUs: 100_000, burstUs: 0, idle: true },
        cpuset: { cpus: '0-1', mems: '0' },
      },
    ],
    [
      { cpu: { realtimeRuntime: 5, realtimePeriod: 10 } },
      { cpu: { realtimeRuntimeUs: 5, realtimePeriodUs: 10 } },
    ],
    [{ pids: { limit: -1 } }, { pids: { limit: 'unlimited' } }],
    [
      {
        blockIO: {
          weight: 500,
          leafWeight: 10,
          weightDevice: [{ major: 8, minor: 0, weight: 700 }],
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1000 }],
          throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 0 }],
          throttleReadIOPSDevice: [],
          throttleWriteIOPSDevice: [{ major: 8, minor: 1, rate: 3 }],
        },
      },
      {
        io: {
          weight: 500,
          deviceWeights: [{ major: 8, minor: 0, weight: 700 }],
          readBps: [{ major: 8, minor: 0, rate: 1000 }],
          writeBps: [{ major: 8, minor: 0, rate: 'unlimited' }],
          writeIops: [{ major: 8, minor: 1, rate: 3 }],
        },
      },
    ],
    [{ hugepageLimits: [{ pageSize: '2MB', limit: 9 }] }, { hugetlb: [{ pageSize: '2MB', limitBytes: 9 }] }],
    [{ unified: { 'memory.high': '1' } }, { unified: { 'memory.high': '1' } }],
    [
      {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 1, minor: -1, access: 'r' },
          { allow: true, type: 'u', major: 1, minor: 2 },
        ],
      },
      {
        devices: [
          { allow: false, type: 'a', major: '*', minor: '*', access: 'rwm' },
          { allow: true, type: 'c', major: 1, minor: '*', access: 'r' },
          { allow: true, type: 'c', major: 1, minor: 2, access: 'rwm' },
        ],
      },
    ],
  ])('%j', (oci, resources) => expect(fromOciResources(oci)).toEqual(resources));

  test.each<[OciResources, RegExp]>([
    [{ network: { classID: 1 } }, /network classes/],
    [{ rdma: { mlx5_1: { hcaHandles: 3 } } }, /rdma/],
  ])('%j is refused', (oci, reason) => expect(() => fromOciResources(oci)).toThrow(reason));
});

describe('Docker', () => {
  test.each<[Resources, Resources]>([
    [{ memory: { limitBytes: 100 } }, { memory: { limitBytes: 100, memorySwapBytes: 200 } }],
    [
      { memory: { limitBytes: 100, memorySwapBytes: 100 } },
      { memory: { limitBytes: 100, memorySwapBytes: 100 } },
    ],
    [
      { memory: { limitBytes: 'unlimited' } },
      { memory: { limitBytes: 'unlimited', memorySwapBytes: 'unlimited' } },
    ],
    [{ pids: { limit: 1 } }, { pids: { limit: 1 } }],
  ])('makes of %j', (given, made) => expect(withDockerDefaults(given)).toEqual(made));
});
