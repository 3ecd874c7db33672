import type { CpuStats, StatsResponse } from '@ns/engine-api';
import { describe, expect, it } from 'vitest';

import { cpuPercent, statsList } from './stats-list.js';

const cpu = (total: number, system: number): CpuStats => ({
  cpu_usage: { total_usage: total, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  system_cpu_usage: system,
  online_cpus: 4,
});

const stats: StatsResponse = {
  id: 'f'.repeat(64),
  name: '/web',
  read: '',
  preread: '',
  cpu_stats: cpu(3000, 20_000),
  precpu_stats: cpu(1000, 10_000),
  memory_stats: { usage: 300 * 1024 ** 2, limit: 1024 ** 3, stats: { inactive_file: 44 * 1024 ** 2 } },
  pids_stats: { current: 7 },
  networks: {
    eth0: {
      rx_bytes: 1500,
      rx_packets: 1,
      rx_errors: 0,
      rx_dropped: 0,
      tx_bytes: 20,
      tx_packets: 1,
      tx_errors: 0,
      tx_dropped: 0,
    },
    eth1: {
      rx_bytes: 500,
      rx_packets: 1,
      rx_errors: 0,
      rx_dropped: 0,
      tx_bytes: 10,
      tx_packets: 1,
      tx_errors: 0,
      tx_dropped: 0,
    },
  },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'Read', value: 4096 },
      { major: 8, minor: 0, op: 'write', value: 1_000_000 },
      { major: 8, minor: 16, op: 'read', value: 904 },
    ],
  },
};

describe('cpuPercent', () => {
  it('is that of one processor', () => expect(cpuPercent(stats)).toBe(80));
  it('is nothing without an earlier reading, or when nothing was used', () => {
    expect(cpuPercent({ ...stats, precpu_stats: cpu(0, 0) })).toBe(0);
    expect(cpuPercent({ ...stats, precpu_stats: cpu(3000, 10_000) })).toBe(0);
  });
});

describe('statsList', () => {
  const text = (reading: Parameters<ReturnType<typeof statsList>['view']>[0]): string[] => {
    const { columns, view } = statsList(true);
    return columns.map((column) => view(reading).text(column));
  };

  it('shows what Docker shows', () => {
    expect(text({ id: stats.id, name: 'web', stats })).toEqual([
      'f'.repeat(12),
      'web',
      '80.00%',
      '256MiB / 1GiB',
      '25.00%',
      '2kB / 30B',
      '5kB / 1MB',
      '7',
    ]);
  });

  it('shows dashes until the first reading', () => {
    expect(text({ id: stats.id, name: 'web', stats: undefined }).slice(2)).toEqual([
      '--',
      '-- / --',
      '--',
      '--',
      '--',
      '--',
    ]);
  });
});
