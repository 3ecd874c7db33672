import { once } from 'node:events';
import { existsSync, readFileSync, rmdirSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { createCgroup, openCgroup } from '../src/index.js';
import { controls, layout, outcome, runIn, version, withGroup } from './children.js';

const MIB = 2 ** 20;

describe('limits', () => {
  test('are in the kernel’s files', async () => {
    const resources = {
      memory: { limitBytes: 64 * MIB, memorySwapBytes: 96 * MIB, reservationBytes: 32 * MIB },
      cpu: { shares: 512, nanoCpus: 1.5e9 },
      pids: { limit: 20 },
      cpuset: { cpus: '0', mems: '0' },
    };
    const expected = {
      1: {
        'cpu.cfs_quota_us': '150000',
        'cpu.shares': '512',
        'cpuset.cpus': '0',
        'memory.limit_in_bytes': String(64 * MIB),
        'memory.memsw.limit_in_bytes': String(96 * MIB),
        'memory.soft_limit_in_bytes': String(32 * MIB),
        'pids.max': '20',
      },
      2: {
        'cpu.max': '150000 100000',
        'cpu.weight': '59',
        'cpuset.cpus': '0',
        'memory.low': String(32 * MIB),
        'memory.max': String(64 * MIB),
        'memory.swap.max': String(32 * MIB),
        'pids.max': '20',
      },
    }[version];
    await withGroup(resources, (group) => {
      expect(controls(group, Object.keys(expected))).toEqual(expected);
    });
  });

  test('hold: a process more than there may be is not forked', async () => {
    await withGroup({ pids: { limit: 2 } }, async (group) => {
      const { text } = await outcome(await runIn(group, 'sleep 0.2 & sleep 0.2 & echo forked'));
      expect(text).not.toContain('forked');
    });
  });
});

describe('a group', () => {
  test('is where its process is, in every hierarchy', async () => {
    await withGroup({}, async (group) => {
      const { text } = await outcome(await runIn(group, 'cat /proc/self/cgroup'));
      const places = text
        .trim()
        .split('\n')
        .map((line) => line.split(':')[2]);
      expect(new Set(places)).toEqual(new Set([group.path]));
    });
  });

  test('that somebody else has made is taken over when that is asked for', async () => {
    // What systemd has made, in the hierarchies that it manages: here all but one of version 1.
    await withGroup({ pids: { limit: 30 } }, (made) => {
      const at = made.path.lastIndexOf('/');
      const request = { parent: made.path.slice(0, at) || '/', name: made.path.slice(at + 1), layout };
      const missing = version === 1 ? made.directory('freezer') : undefined;
      if (missing !== undefined) rmdirSync(missing);
      expect(() => createCgroup({ ...request, resources: { pids: { limit: 5 } } })).toThrow('exists in');
      const group = createCgroup({ ...request, resources: { pids: { limit: 5 } }, existing: 'adopt' });
      expect(controls(group, ['pids.max'])).toEqual({ 'pids.max': '5' });
      expect(existsSync(missing ?? made.directory('pids') ?? '')).toBe(true);
    });
  });

  test('knows its processes, freezes, thaws, is killed', async () => {
    await withGroup({}, async (group) => {
      const child = await runIn(group, 'while :; do echo x; sleep 0.01; done');
      const closed = once(child, 'close');
      await once(child.stdout!, 'data');
      expect(group.processes()).toContain(child.pid);
      await group.freeze();
      expect(group.isFrozen).toBe(true);
      child.stdout!.read();
      await new Promise((resolve) => setTimeout(resolve, 50));
      group.thaw();
      expect(group.isFrozen).toBe(false);
      await once(child.stdout!, 'data');
      await group.freeze();
      await group.kill();
      expect(group.processes()).toEqual([]);
      expect((await closed)[1]).toBe('SIGKILL');
      expect(group.isFrozen).toBe(false);
    });
  });

  test('counts what it uses', async () => {
    await withGroup({ memory: { limitBytes: 64 * MIB } }, async (group) => {
      await outcome(await runIn(group, 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'));
      const stats = group.stats();
      expect(stats.cpu!.usageUs).toBeGreaterThan(1000);
      expect(stats.memory!.limitBytes).toBe(64 * MIB);
      expect(stats.memory!.peakBytes ?? 4096).toBeGreaterThan(0);
      expect(stats.pids!.current).toBe(0);
    });
  });

  test('leaves nothing behind when it is removed, and nothing when it cannot be made', async () => {
    const name = `ns-test-${process.pid}-b`;
    const group = createCgroup({ parent: '/', name, layout });
    expect(() => createCgroup({ parent: '/', name, layout })).toThrow(/exists/);
    expect(group.exists).toBe(true);
    expect(openCgroup(`/${name}`).processes()).toEqual([]);
    await group.remove();
    await group.remove();
    expect(layout.hierarchies.some(({ mountPoint }) => existsSync(`${mountPoint}/${name}`))).toBe(false);
    const impossible = { unified: { 'memory.nothing': '1' } };
    expect(() => createCgroup({ parent: '/', name, layout, resources: impossible })).toThrow(/no such file/);
    expect(layout.hierarchies.some(({ mountPoint }) => existsSync(`${mountPoint}/${name}`))).toBe(false);
  });
});

test('/proc/self is untouched', () => {
  expect(readFileSync('/proc/self/cgroup', 'utf8')).not.toContain('ns-test');
});
