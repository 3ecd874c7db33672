import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { outcome, version, withGroup } from './children.js';
import type { Cgroup } from '../src/index.js';

const NOBODY = { uid: 65_534, gid: 65_534 };

/** What a shell of the owner in the group says. */
async function asOwner(group: Cgroup, script: string): Promise<string> {
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], {
    ...NOBODY,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  group.add(child.pid ?? 0);
  child.stdin.end('\n');
  return (await outcome(child)).text;
}

describe('a delegated group', () => {
  const directory = (group: Cgroup): string => group.directory('pids') ?? '';

  test('is its owner’s, with the files that move processes, and not the limits', async () => {
    await withGroup(
      { pids: { limit: 50 } },
      (group) => {
        const owner = (file: string): number => statSync(`${directory(group)}${file}`).uid;
        expect([owner(''), owner('/cgroup.procs'), owner('/pids.max')]).toEqual([65_534, 65_534, 0]);
      },
      { owner: NOBODY },
    );
  });

  test('lets its owner make groups and move processes into them, and no more', async () => {
    await withGroup(
      { pids: { limit: 50 } },
      async (group) => {
        const here = directory(group);
        const script = `mkdir ${here}/own && echo 0 >${here}/own/cgroup.procs && grep -c own /proc/self/cgroup
(echo max >${here}/pids.max) 2>/dev/null || echo limits are kept
(echo 0 >${here.replace(group.path, '')}/cgroup.procs) 2>/dev/null || echo no way out`;
        expect(await asOwner(group, script)).toBe('1\nlimits are kept\nno way out\n');
        await group.remove();
        expect(existsSync(here)).toBe(false);
      },
      { owner: NOBODY },
    );
  });

  test('can be limited by its owner only within its own', async () => {
    await withGroup(
      { pids: { limit: 50 } },
      async (group) => {
        const here = directory(group);
        const enable =
          version === 2
            ? `mkdir ${here}/a && echo 0 >${here}/a/cgroup.procs && echo +pids >${here}/cgroup.subtree_control &&`
            : '';
        const script = `${enable} mkdir ${here}/b && echo 3 >${here}/b/pids.max && cat ${here}/b/pids.max`;
        expect(await asOwner(group, script)).toBe('3\n');
      },
      { owner: NOBODY },
    );
  });
});
