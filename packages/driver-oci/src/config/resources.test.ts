import { DOCKER_DEFAULT_DEVICES, fromOciResources, type Resources } from '@ns/cgroups';
import { describe, expect, test } from 'vitest';

import { ociResources } from './resources.js';

/** What the specification can say comes back as it was. */
const ROUND: readonly (readonly [string, Resources])[] = [
  [
    'memory',
    { memory: { limitBytes: 1024, memorySwapBytes: 'unlimited', reservationBytes: 512, swappiness: 7 } },
  ],
  ['processors', { cpu: { shares: 512, quotaUs: 1000, periodUs: 2000 }, cpuset: { cpus: '0-1', mems: '0' } }],
  ['processes', { pids: { limit: 'unlimited' } }],
  [
    'devices of blocks',
    {
      io: {
        weight: 100,
        deviceWeights: [{ major: 8, minor: 0, weight: 10 }],
        readBps: [{ major: 8, minor: 0, rate: 1000 }],
        writeIops: [{ major: 8, minor: 0, rate: 'unlimited' }],
      },
    },
  ],
  ['huge pages', { hugetlb: [{ pageSize: '2MB', limitBytes: 4096 }] }],
  ['rules about devices', { devices: [{ allow: true, type: 'c', major: 1, minor: '*', access: 'rw' }] }],
];

describe('resources', () => {
  test.each(ROUND)('of %s', (_, resources) => {
    const { oci, rest } = ociResources(resources);
    const { devices, ...back } = fromOciResources(JSON.parse(JSON.stringify(oci)));
    const { devices: asked, ...others } = resources;
    expect(back).toEqual(others);
    expect(devices).toEqual(asked ?? fromOciResources(ociResources({}).oci).devices);
    expect(rest).toEqual({});
  });

  test('have Docker’s devices when they have none', () => {
    expect(fromOciResources(ociResources({}).oci).devices).toHaveLength(DOCKER_DEFAULT_DEVICES.length);
  });

  test('in Docker’s or version 2’s words are the specification’s', () => {
    expect(ociResources({ cpu: { nanoCpus: 1.5e9 } }).oci.cpu).toEqual({ quota: 150_000, period: 100_000 });
    expect(ociResources({ cpu: { weight: 100 } }).oci.cpu?.shares).toBeGreaterThan(1000);
  });

  test('without a word in the specification are left to be written', () => {
    const { oci, rest } = ociResources({
      memory: { limitBytes: 5, highBytes: 4 },
      cpu: { burstUs: 3, idle: true },
      unified: { 'memory.oom.group': '1' },
    });
    expect(oci.memory).toEqual({ limit: 5 });
    expect(rest).toEqual({
      memory: { highBytes: 4 },
      cpu: { burstUs: 3, idle: true },
      unified: { 'memory.oom.group': '1' },
    });
  });
});
