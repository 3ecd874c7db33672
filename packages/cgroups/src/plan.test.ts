import { describe, expect, test } from 'vitest';

import { parseLayout, type CgroupLayout } from './layout.js';
import { planResources, type CurrentLimits } from './plan.js';
import type { Resources } from './resources.js';

const CONTROLLERS = ['blkio', 'cpu', 'cpuset', 'devices', 'hugetlb', 'memory', 'pids'];
const v1: CgroupLayout = parseLayout(
  CONTROLLERS.map((name) => `1 1 0:1 / /cg/${name} rw - cgroup cgroup rw,${name}`).join('\n'),
  CONTROLLERS.map((name, index) => `${index + 1}:${name}:/`).join('\n'),
  () => '',
);
const v2: CgroupLayout = parseLayout(
  '1 1 0:1 / /cg rw - cgroup2 cgroup2 rw',
  '0::/\n',
  () => 'cpuset cpu io memory hugetlb pids',
);

/** The writes of a plan as `file=value`, with what is written instead in brackets. */
function writes(resources: Resources, layout: CgroupLayout, current?: CurrentLimits): string[] {
  return planResources(resources, layout, { current }).writes.map(({ file, value, otherwise }) => {
    const instead = otherwise?.map((one) => `${one.file}=${one.value}`).join();
    return `${file}=${value}${instead === undefined ? '' : ` (${instead})`}`;
  });
}

describe.each([
  [
    'memory and swap',
    { memory: { limitBytes: 100, memorySwapBytes: 150, reservationBytes: 50 } },
    ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=150', 'memory.soft_limit_in_bytes=50'],
    ['memory.low=50', 'memory.swap.max=50', 'memory.max=100'],
  ],
  [
    'no swap',
    { memory: { limitBytes: 100, memorySwapBytes: 100 } },
    ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=100'],
    ['memory.swap.max=0 ()', 'memory.max=100'],
  ],
  [
    'no limit of memory',
    { memory: { limitBytes: 'unlimited' } },
    ['memory.limit_in_bytes=-1', 'memory.memsw.limit_in_bytes=-1 ()'],
    ['memory.swap.max=max ()', 'memory.max=max'],
  ],
  [
    'a number of cpus, and shares',
    { cpu: { nanoCpus: 1.5e9, shares: 1024 } },
    ['cpu.shares=1024', 'cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=150000'],
    ['cpu.weight=100', 'cpu.max=150000 100000'],
  ],
  ['a weight', { cpu: { weight: 100 } }, ['cpu.shares=1024'], ['cpu.weight=100']],
  [
    'quota, period and burst',
    { cpu: { quotaUs: 5000, periodUs: 20_000, burstUs: 1000 } },
    ['cpu.cfs_period_us=20000', 'cpu.cfs_quota_us=5000', 'cpu.cfs_burst_us=1000'],
    ['cpu.max=5000 20000', 'cpu.max.burst=1000'],
  ],
  ['no quota', { cpu: { quotaUs: 'unlimited' } }, ['cpu.cfs_quota_us=-1'], ['cpu.max=max']],
  ['idle', { cpu: { idle: true } }, ['cpu.idle=1'], ['cpu.idle=1']],
  [
    'processors and nodes',
    { cpuset: { cpus: '0-1', mems: '0' } },
    ['cpuset.cpus=0-1', 'cpuset.mems=0'],
    ['cpuset.cpus=0-1', 'cpuset.mems=0'],
  ],
  ['processes', { pids: { limit: 'unlimited' } }, ['pids.max=max'], ['pids.max=max']],
  [
    'huge pages',
    { hugetlb: [{ pageSize: '2MB', limitBytes: 4_194_304 }] },
    ['hugetlb.2MB.limit_in_bytes=4194304', 'hugetlb.2MB.rsvd.limit_in_bytes=4194304 ()'],
    ['hugetlb.2MB.max=4194304', 'hugetlb.2MB.rsvd.max=4194304 ()'],
  ],
  [
    'weights of input and output',
    { io: { weight: 500, deviceWeights: [{ major: 8, minor: 0, weight: 1000 }] } },
    [
      'blkio.bfq.weight=500 (blkio.weight=500)',
      'blkio.bfq.weight_device=8:0 1000 (blkio.weight_device=8:0 1000)',
    ],
    ['io.bfq.weight=default 500 (io.weight=default 4950)', 'io.bfq.weight=8:0 1000 (io.weight=8:0 10000)'],
  ],
  [
    'rates of devices',
    {
      io: {
        readBps: [{ major: 8, minor: 0, rate: 1000 }],
        writeBps: [{ major: 8, minor: 0, rate: 'unlimited' }],
        readIops: [{ major: 8, minor: 16, rate: 7 }],
        writeIops: [{ major: 8, minor: 16, rate: 9 }],
      },
    },
    [
      'blkio.throttle.read_bps_device=8:0 1000',
      'blkio.throttle.write_bps_device=8:0 0',
      'blkio.throttle.read_iops_device=8:16 7',
      'blkio.throttle.write_iops_device=8:16 9',
    ],
    ['io.max=8:0 rbps=1000', 'io.max=8:0 wbps=max', 'io.max=8:16 riops=7', 'io.max=8:16 wiops=9'],
  ],
  ['nothing', { memory: {}, cpu: {}, hugetlb: [] }, [], []],
] as const satisfies readonly (readonly [string, Resources, readonly string[], readonly string[]])[])(
  'plan of %s',
  (_, resources, onV1, onV2) => {
    test('on version 1', () => expect(writes(resources, v1)).toEqual(onV1));
    test('on version 2', () => expect(writes(resources, v2)).toEqual(onV2));
  },
);

describe('a plan for a group that exists', () => {
  const limits = { memory: { limitBytes: 200, memorySwapBytes: 300 } };

  test('raises memory and swap before memory, and lowers them after', () => {
    const order = (memorySwapBytes: number): string[] => writes(limits, v1, { memorySwapBytes });
    expect(order(150)).toEqual(['memory.memsw.limit_in_bytes=300', 'memory.limit_in_bytes=200']);
    expect(order(400)).toEqual(['memory.limit_in_bytes=200', 'memory.memsw.limit_in_bytes=300']);
  });

  test('counts the limit that stays', () => {
    const swap = { memory: { memorySwapBytes: 300 } };
    expect(writes(swap, v2, { limitBytes: 200 })).toEqual(['memory.swap.max=100']);
    expect(() => writes(swap, v2)).toThrow(/needs a memory limit/);
  });

  test('lifts the old burst first, and keeps a quota when the period changes', () => {
    expect(writes({ cpu: { burstUs: 500, quotaUs: 2000 } }, v2, {})).toEqual([
      'cpu.max.burst=0',
      'cpu.max=2000',
      'cpu.max.burst=500',
    ]);
    expect(writes({ cpu: { periodUs: 50_000 } }, v2, { quotaUs: 2000 })).toEqual(['cpu.max=2000 50000']);
  });

  test('changes only those device rules of version 1 that differ', () => {
    const devices = [
      { allow: false, type: 'a' },
      { allow: true, type: 'c', major: 1, minor: 3 },
      { allow: true, type: 'c', major: 1, minor: 5, access: 'r' },
    ] as const;
    const deviceList = 'c 1:3 rwm\nc 1:5 rw\nb 8:* r\n';
    expect(writes({ devices }, v1, { deviceList })).toEqual(['devices.deny=c 1:5 w', 'devices.deny=b 8:* r']);
    expect(writes({ devices }, v1, { deviceList: 'a *:* rwm\n' })).toEqual([
      'devices.deny=a',
      'devices.allow=c 1:3 rwm',
      'devices.allow=c 1:5 r',
    ]);
  });
});

describe('devices', () => {
  const devices = [{ allow: true, type: 'a' }] as const;

  test('are files on version 1, and a program on version 2', () => {
    expect(writes({ devices }, v1)).toEqual(['devices.allow=a']);
    expect(planResources({ devices }, v1)).not.toHaveProperty('deviceProgram');
    expect(planResources({ devices }, v2)).toEqual({ writes: [], deviceProgram: expect.any(Uint8Array) });
  });
});

describe('what a layout does not have', () => {
  test.each<[Resources, CgroupLayout, RegExp]>([
    [{ memory: { highBytes: 1 } }, v1, /memory high is a limit of version 2/],
    [{ memory: { oomKillDisable: true } }, v2, /OOM killer that is off/],
    [{ memory: { swappiness: 1 } }, v2, /swappiness/],
    [{ cpu: { realtimeRuntimeUs: 1 } }, v2, /real-time/],
    [{ unified: { 'memory.oom.group': '1' } }, v1, /version 2, which is not mounted/],
    [{ pids: { limit: 1 } }, parseLayout('', '', () => ''), /no controller for pids/],
  ])('%o is refused, or left out and told', (resources, layout, reason) => {
    expect(() => planResources(resources, layout)).toThrow(reason);
    const told: Error[] = [];
    const plan = planResources(resources, layout, { onUnsupported: (error) => told.push(error) });
    expect(plan.writes).toEqual([]);
    expect(told.map(({ message }) => message)).toEqual([expect.stringMatching(reason)]);
  });

  test('files of version 2 come last', () => {
    const resources = { unified: { 'memory.oom.group': '1' }, pids: { limit: 3 } };
    expect(writes(resources, v2)).toEqual(['pids.max=3', 'memory.oom.group=1']);
  });
});
