import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { scratch } from './scratch.js';
import { expectSound, openStore } from './stores.js';

/** How long a process works before it is killed, each time. */
const DELAYS_MS = [0, 5, 20, 40, 70, 110, 160, 230];

/** Start a process that works on a store, and kill it a while after it has opened it. */
async function workAndDie(path: string, delayMs: number): Promise<void> {
  const here = import.meta.dirname;
  const child = spawn(
    process.execPath,
    [
      '--conditions=@ns/source',
      '--import',
      join(here, 'source-hooks.mjs'),
      join(here, 'crash-worker.ts'),
      path,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  expect(child.exitCode).toBeNull();
  await sleep(delayMs);
  child.kill('SIGKILL');
  expect(await exited).toEqual([null, 'SIGKILL']);
}

describe('a process that is killed', needs('linux', 'root'), () => {
  const at = scratch('crash');

  test('leaves a store that is whole, whenever it was', { timeout: 120_000 }, async () => {
    const path = at('store');
    let images = 0;
    for (const delayMs of DELAYS_MS) {
      await workAndDie(path, delayMs);
      await using store = await openStore(path);
      for (const { containerId } of store.listSnapshots()) {
        // What a container changed is nobody's to remove but its own.
        const { lower } = await store.getSnapshot(containerId);
        expect(readdirSync(join(lower[0] ?? '', 'd')).length).toBe(40);
        await store.removeSnapshot(containerId);
      }
      expectSound(path, store);
      for (const { id } of store.list()) {
        const [lower] = await store.lowerDirectories(id);
        expect(readdirSync(join(lower ?? '', 'd')).length).toBe(40);
        images++;
      }
    }
    expect(images).toBeGreaterThan(0);
  });
});
