// needs: linux
/** A guest runs a few programs at once: who comes later waits, and is told when that takes too long. */
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { takeSlot, type Slot } from '../src/guest/exec-slots.js';

let directory: string;
let taken: Slot[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-slots-'));
  taken = [];
});
afterEach(() => {
  for (const { lock } of taken) closeSync(lock);
  rmSync(directory, { recursive: true });
});

const take = async (timeoutMs?: number): Promise<number> => {
  const slot = await takeSlot(directory, 3, timeoutMs);
  taken.push(slot);
  return slot.number;
};

describe('a program more than there are slots', () => {
  test('waits for the first that ends', async () => {
    expect([await take(), await take(), await take()]).toEqual([0, 1, 2]);
    const waiting = take();
    await expect(Promise.race([waiting, sleep(100, 'waits')])).resolves.toBe('waits');
    closeSync(taken.splice(1, 1)[0]!.lock);
    await expect(waiting).resolves.toBe(1);
  });

  test('is refused when none ends, with what to do', async () => {
    for (let count = 0; count < 3; count++) await take();
    await expect(take(50)).rejects.toMatchObject({
      code: 'ERR_NS_CONFLICT',
      message: 'exec: 3 programs are executed in the container already',
      hint: 'wait until one has ended, or start them from one that is executed',
    });
  });

  test('finds the container gone', async () => {
    await expect(takeSlot(join(directory, 'none'), 3)).rejects.toMatchObject({ code: 'ERR_NS_NOT_RUNNING' });
  });
});
