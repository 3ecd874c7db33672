import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { createCgroup, openCgroup } from '../src/index.js';
import { control, layout, runIn, version, withGroup } from './children.js';

const onV2 = {
  name: 'pure cgroup2',
  missing: () => (version === 2 ? undefined : 'controllers are on version 1'),
};

describe('a group below a given parent', () => {
  test('has limits, and so have those between their own', async () => {
    await withGroup({ pids: { limit: 30 } }, async (parent) => {
      const group = createCgroup({
        parent: parent.path,
        name: 'between/leaf',
        resources: { pids: { limit: 5 }, cpuset: { cpus: '0' } },
        layout,
      });
      expect(control(group, 'pids', 'pids.max')).toBe('5');
      expect(control(group, 'cpuset', 'cpuset.cpus')).toBe('0');
      expect(control(openCgroup(`${parent.path}/between`, layout), 'pids', 'pids.max')).toBe('max');
      const child = await runIn(group, 'sleep 60');
      expect(parent.processes()).toContain(child.pid);
    });
  });

  test('that has processes is refused where the kernel does', needs(onV2), async () => {
    await withGroup({}, async (parent) => {
      await runIn(parent, 'sleep 60');
      const create = (): unknown =>
        createCgroup({ parent: parent.path, name: 'leaf', resources: { pids: { limit: 5 } }, layout });
      expect(create).toThrow(/has processes of its own/);
      expect(create).toThrow(expect.objectContaining({ code: 'ERR_NS_CONFLICT' }));
      expect(existsSync(`${parent.directory('unified')}/leaf`)).toBe(false);
    });
  });

  test('touches nothing above it', needs(onV2), async () => {
    await withGroup({}, (group) => {
      const above = `${group.directory('unified')}/above`;
      mkdirSync(`${above}/parent`, { recursive: true });
      const parent = `${group.path}/above/parent`;
      const create = (): unknown =>
        createCgroup({ parent, name: 'leaf', resources: { pids: { limit: 5 } }, layout });
      expect(create).toThrow(/pids controller is not available in .*above\/parent/);
      expect(readFileSync(`${above}/cgroup.subtree_control`, 'utf8').trim()).toBe('');
      // Without limits there is nothing to refuse.
      createCgroup({ parent, name: 'leaf', layout });
      rmdirSync(`${above}/parent/leaf`);
    });
  });
});

test('an empty group freezes and thaws', async () => {
  await withGroup({}, async (group) => {
    await group.freeze({ timeoutMs: 1000 });
    expect(group.isFrozen).toBe(true);
    group.thaw();
    expect(group.isFrozen).toBe(false);
  });
});

test('what this machine cannot limit is told when that is asked for', async () => {
  const told: string[] = [];
  const group = createCgroup({
    parent: '/',
    name: `ns-test-${process.pid}-told`,
    layout,
    resources: { unified: { 'memory.nothing': '1' }, pids: { limit: 4 } },
    onUnsupported: ({ message }) => told.push(message),
  });
  expect(told.join()).toMatch(/memory.nothing/);
  expect(control(group, 'pids', 'pids.max')).toBe('4');
  await group.remove();
});
