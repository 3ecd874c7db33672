import type { CgroupStats } from '@ns/cgroups';
import { describe, expect, it } from 'vitest';

import { emptyStats, parseCpuTime, parseNetDev, type Reading, statsAnswer } from './stats-answer.js';

const CGROUP: CgroupStats = {
  cpu: {
    usageUs: 3000,
    userUs: 2000,
    systemUs: 1000,
    periods: 7,
    throttledPeriods: 2,
    throttledUs: 5,
    bursts: 0,
    burstUs: 0,
  },
  memory: {
    usageBytes: 500,
    workingSetBytes: 400,
    peakBytes: 600,
    limitBytes: 1000,
    anonBytes: 0,
    fileBytes: 0,
    limitHits: 3,
    oomKills: 0,
    raw: { total_inactive_file: 100 },
  },
  pids: { current: 2, limit: 10 },
  io: [
    {
      major: 8,
      minor: 0,
      readBytes: 1,
      writeBytes: 2,
      readOperations: 3,
      writeOperations: 4,
      discardBytes: 0,
      discardOperations: 0,
    },
  ],
};

const reading = (more: Partial<Reading> = {}): Reading => ({
  at: '2026-01-01T00:00:01.000000000Z',
  cgroup: CGROUP,
  version: '1',
  systemCpuNs: 1e9,
  cpuCount: 2,
  memoryBytes: 4000,
  networks: undefined,
  ...more,
});
const SUBJECT = { id: 'abc', name: 'web' };

describe('statsAnswer', () => {
  it('is what Docker answers', () => {
    const previous = reading({ at: '2026-01-01T00:00:00.000000000Z', systemCpuNs: 5e8 });
    expect(statsAnswer(SUBJECT, reading(), previous)).toMatchObject({
      id: 'abc',
      name: '/web',
      read: '2026-01-01T00:00:01.000000000Z',
      preread: '2026-01-01T00:00:00.000000000Z',
      pids_stats: { current: 2, limit: 10 },
      blkio_stats: {
        io_service_bytes_recursive: [
          { major: 8, minor: 0, op: 'read', value: 1 },
          { major: 8, minor: 0, op: 'write', value: 2 },
        ],
        io_serviced_recursive: [
          { major: 8, minor: 0, op: 'read', value: 3 },
          { major: 8, minor: 0, op: 'write', value: 4 },
        ],
        io_queue_recursive: null,
      },
      num_procs: 0,
      storage_stats: {},
      cpu_stats: {
        cpu_usage: { total_usage: 3_000_000, usage_in_kernelmode: 1_000_000, usage_in_usermode: 2_000_000 },
        system_cpu_usage: 1e9,
        online_cpus: 2,
        throttling_data: { periods: 7, throttled_periods: 2, throttled_time: 5000 },
      },
      precpu_stats: { system_cpu_usage: 5e8 },
      memory_stats: {
        usage: 500,
        max_usage: 600,
        failcnt: 3,
        limit: 1000,
        stats: { total_inactive_file: 100 },
      },
    });
  });

  it('shows the memory of the machine where there is no lower limit', () => {
    for (const limitBytes of ['unlimited', 9000] as const) {
      const memory = { ...CGROUP.memory!, limitBytes };
      const answer = statsAnswer(SUBJECT, reading({ cgroup: { ...CGROUP, memory } }), undefined);
      expect(answer.memory_stats?.limit).toBe(4000);
    }
  });

  it('has the members of version 2 there', () => {
    const answer = statsAnswer(SUBJECT, reading({ version: '2' }), undefined);
    expect(answer.memory_stats).not.toHaveProperty('failcnt');
  });

  it('leaves out a limit of processes that there is not: Go could not read it', () => {
    const cgroup = { ...CGROUP, pids: { current: 1, limit: 'unlimited' } } as const;
    expect(statsAnswer(SUBJECT, reading({ cgroup }), undefined).pids_stats).toEqual({ current: 1 });
  });

  it('leaves out the network that is the host’s', () => {
    expect(statsAnswer(SUBJECT, reading(), undefined)).not.toHaveProperty('networks');
    expect(statsAnswer(SUBJECT, reading({ networks: {} }), undefined).networks).toEqual({});
  });

  it('is zero where nothing is counted', () => {
    expect(statsAnswer(SUBJECT, reading({ cgroup: {} }), undefined)).toMatchObject({
      preread: '0001-01-01T00:00:00Z',
      pids_stats: {},
      cpu_stats: { cpu_usage: { total_usage: 0 }, system_cpu_usage: 1e9 },
      precpu_stats: { cpu_usage: { total_usage: 0 } },
      memory_stats: {},
    });
    expect(emptyStats(SUBJECT)).toMatchObject({ id: 'abc', name: '/web', read: '0001-01-01T00:00:00Z' });
  });
});

describe('parseNetDev', () => {
  it('reads every interface but the loopback', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0: 1234567      10    1    2    0     0          0         3     7654      20    3    4    0     0       0          0
`;
    expect(parseNetDev(text)).toEqual({
      eth0: {
        rx_bytes: 1_234_567,
        rx_packets: 10,
        rx_errors: 1,
        rx_dropped: 2,
        tx_bytes: 7654,
        tx_packets: 20,
        tx_errors: 3,
        tx_dropped: 4,
      },
    });
  });
});

describe('parseCpuTime', () => {
  it('adds up what Docker adds up, and counts processors', () => {
    const text = 'cpu  1 2 3 4 5 6 7 100 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 0 2 3 4 5 6 7 0 0 0\nintr 5\n';
    expect(parseCpuTime(text)).toEqual({ systemCpuNs: 280_000_000, cpuCount: 2 });
  });
});
