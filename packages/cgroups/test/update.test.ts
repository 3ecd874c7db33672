import { readFileSync } from 'node:fs';

import { NsError } from '@ns/errors';
import { describe, expect, test } from 'vitest';

import { openCgroup, type Resources } from '../src/index.js';
import { controls, layout, runIn, version, withGroup } from './children.js';

const MIB = 2 ** 20;
const memory = (limit: number, swap: number): Resources => ({
  memory: { limitBytes: limit * MIB, memorySwapBytes: swap * MIB },
});

/** What the files of memory say, in MiB: the limit, and memory and swap together. */
const FILES = {
  1: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
  2: ['memory.max', 'memory.swap.max'],
}[version];

describe('an update', () => {
  test('raises and lowers memory with swap, whichever has to come first', async () => {
    await withGroup(memory(64, 128), (group) => {
      const now = (): number[] => Object.values(controls(group, FILES)).map((text) => Number(text) / MIB);
      const asked: [number, number][] = [
        [256, 512],
        [32, 40],
        [300, 300],
        [16, 4000],
      ];
      const seen = asked.map(([limit, swap]) => {
        group.update(memory(limit, swap));
        return now();
      });
      expect(seen).toEqual(asked.map(([limit, swap]) => [limit, version === 1 ? swap : swap - limit]));
    });
  });

  test('of one value leaves the others', async () => {
    await withGroup({ pids: { limit: 10 }, cpu: { quotaUs: 20_000, periodUs: 50_000 } }, (group) => {
      group.update({ pids: { limit: 'unlimited' } });
      group.update({ cpu: { periodUs: 100_000 } });
      const expected = {
        1: { 'pids.max': 'max', 'cpu.cfs_quota_us': '20000', 'cpu.cfs_period_us': '100000' },
        2: { 'pids.max': 'max', 'cpu.max': '20000 100000' },
      }[version];
      expect(controls(group, Object.keys(expected))).toEqual(expected);
    });
  });

  test('sets a burst, and lowers it with the quota', async () => {
    await withGroup({ cpu: { quotaUs: 50_000, burstUs: 40_000 } }, (group) => {
      group.update({ cpu: { quotaUs: 10_000, burstUs: 5000 } });
      const expected = {
        1: { 'cpu.cfs_quota_us': '10000', 'cpu.cfs_burst_us': '5000' },
        2: { 'cpu.max': '10000 100000', 'cpu.max.burst': '5000' },
      }[version];
      expect(controls(group, Object.keys(expected))).toEqual(expected);
      expect(() => group.update({ cpu: { burstUs: 10_001 } })).toThrow(/above the quota, 10000 µs/);
    });
  });

  test.each<[string, Resources, RegExp, string]>([
    [
      'of swap below memory',
      { memory: { memorySwapBytes: 32 * MIB } },
      /below the memory limit, 67108864/,
      'INVALID_ARGUMENT',
    ],
    [
      'of processors that are not there',
      { cpuset: { cpus: '0-900' } },
      /900 is not available/,
      'INVALID_ARGUMENT',
    ],
    ['of a value out of range', { cpu: { shares: 1 } }, /cpu shares 1/, 'INVALID_ARGUMENT'],
  ])('%s is refused before anything is written', async (_, wrong, reason, code) => {
    await withGroup(memory(64, 128), (group) => {
      const before = controls(group, [...FILES, 'pids.max']);
      const update = (): void => group.update({ pids: { limit: 7 }, ...wrong });
      expect(update).toThrow(reason);
      expect(update).toThrow(expect.objectContaining({ code: `ERR_NS_${code}` }));
      expect(controls(group, [...FILES, 'pids.max'])).toEqual(before);
    });
  });

  test('of memory below what is used is refused, and nobody is killed for it', async () => {
    await withGroup(memory(64, 64), async (group) => {
      // A shell that holds 16 MiB in a variable.
      const child = await runIn(group, 'x=$(head -c 16000000 /dev/zero | tr "\\0" x); echo ready; sleep 60');
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      let refusal: unknown;
      try {
        group.update(memory(4, 4));
      } catch (error) {
        refusal = error;
      }
      expect(NsError.is(refusal) && refusal.code).toBe('ERR_NS_CONFLICT');
      expect(String(refusal)).toMatch(/memory limit, 4194304, is below the \d{8} bytes/);
      expect(group.processes()).toContain(child.pid);
      expect(group.oomKills()).toBe(0);
    });
  });
});

test('what the kernel refuses names file, value and reason', async () => {
  await withGroup({}, (group) => {
    const file = version === 1 ? 'blkio.throttle.read_bps_device' : 'io.max';
    expect(() => group.update({ io: { readBps: [{ major: 4095, minor: 7, rate: 1 }] } })).toThrow(
      new RegExp(`write "4095:7 .*1" to /sys/fs/cgroup/.*/${file}: ENODEV`),
    );
  });
});

test('a cgroup that is not there is not opened', () => {
  expect(() => openCgroup('/ns-test-nothing', layout)).toThrow(/there is no cgroup/);
  expect(readFileSync('/proc/self/cgroup', 'utf8')).not.toContain('ns-test');
});
