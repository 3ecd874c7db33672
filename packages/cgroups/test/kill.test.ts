import { readdirSync, existsSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { createCgroup, type Cgroup } from '../src/index.js';
import { layout, runIn, withGroup } from './children.js';

const sorted = (pids: readonly number[]): number[] => pids.toSorted((left, right) => left - right);
const descriptors = (): number => readdirSync('/proc/self/fd').length;

/**
 * Some forks already happened. Each loop waits for what it forked: what runs is bounded without a limit, on coming to which
 * a shell ends.
 */
async function whileForking(group: Cgroup): Promise<void> {
  const loops = 'f() { while :; do (:) & sleep 0.002 & wait; done; }; f & f & f & f & f & echo on; f';
  const child = await runIn(group, loops);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, 30));
}

describe('a group whose processes fork all the time', () => {
  // Ended processes are counted for a while yet, so that a storm of a dozen comes to a hundred.
  const resources = { pids: { limit: 2000 } };

  test('is killed whole', async () => {
    await withGroup(resources, async (group) => {
      for (let round = 0; round < 5; round++) {
        await whileForking(group);
        expect(group.processes().length).toBeGreaterThan(1);
        await group.kill();
        expect(group.processes()).toEqual([]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(group.processes()).toEqual([]);
      }
    });
  });

  test('is frozen whole: nothing runs, nothing is forked', async () => {
    await withGroup(resources, async (group) => {
      await whileForking(group);
      await group.freeze();
      const before = group.stats().cpu!.usageUs;
      const pids = sorted(group.processes());
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(sorted(group.processes())).toEqual(pids);
      expect(group.stats().cpu!.usageUs).toBe(before);
      group.thaw();
    });
  });

  test('is killed with the groups that it made below', async () => {
    await withGroup(resources, async (group) => {
      const name = `${group.path.slice(1)}/below`;
      const below = createCgroup({ parent: '/', name, layout });
      const child = await runIn(below, 'sleep 60 & sleep 60');
      expect(group.processes()).toContain(child.pid);
      await group.kill();
      expect(below.processes()).toEqual([]);
      await group.remove();
      expect(layout.hierarchies.filter(({ mountPoint }) => existsSync(`${mountPoint}/${name}`))).toEqual([]);
    });
  });
});

test('killing, freezing and watching leave no descriptor', async () => {
  await withGroup({}, async (group) => {
    const use = async (): Promise<void> => {
      const child = await runIn(group, 'sleep 60');
      const closed = new Promise((resolve) => child.once('close', resolve));
      using _watcher = group.watch({ oom: () => {} });
      using _handle = group.openForJoin();
      await group.freeze();
      await group.kill();
      await closed;
    };
    await use();
    const before = descriptors();
    await use();
    await use();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(descriptors()).toBe(before);
  });
});
