import { NsError } from '@ns/errors';
import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { layout, outcome, runIn, withGroup } from './children.js';

const MIB = 2 ** 20;

/** Resolves when it is called, for a test that would hang otherwise. */
function once<T>(): { readonly call: (value: T) => void; readonly done: Promise<T> } {
  let call: (value: T) => void = () => {};
  const done = new Promise<T>((resolve) => {
    call = resolve;
  });
  return { call, done };
}

const unified = { name: 'cgroup2', missing: () => (layout.unified ? undefined : 'cgroup2 is not mounted') };

describe('events', () => {
  test('tell that memory ran out', async () => {
    await withGroup({ memory: { limitBytes: 16 * MIB, memorySwapBytes: 32 * MIB } }, async (group) => {
      const oom = once<number>();
      using watcher = group.watch({ oom: oom.call });
      const { signal } = await outcome(await runIn(group, 'exec tail /dev/zero'));
      expect(signal).toBe('SIGKILL');
      await oom.done;
      expect(group.oomKills()).toBe(1);
      expect(group.stats().memory).toMatchObject({ oomKills: 1, limitBytes: 16 * MIB });
      expect(group.stats().memory?.limitHits).toBeGreaterThan(0);
      watcher.close();
    });
  });

  test('tell that the group is empty, once for each time', needs(unified), async () => {
    await withGroup({}, async (group) => {
      let count = 0;
      let next = once<void>();
      using watcher = group.watch({
        emptied: () => {
          count++;
          next.call();
        },
      });
      expect(count).toBe(0);
      for (let round = 1; round <= 3; round++) {
        await outcome(await runIn(group, ':'));
        await next.done;
        next = once<void>();
        // The kernel puts 10 ms between two.
        await new Promise((resolve) => setTimeout(resolve, 30));
        expect(count).toBeGreaterThanOrEqual(round);
      }
      watcher.close();
      await outcome(await runIn(group, ':'));
      await new Promise((resolve) => setTimeout(resolve, 30));
      const after = count;
      await outcome(await runIn(group, ':'));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(count).toBe(after);
    });
  });

  test('of a group that is gone are refused', async () => {
    await withGroup({}, async (group) => {
      await group.remove();
      const refusal = expect.objectContaining({ code: 'ERR_NS_UNSUPPORTED' });
      expect(() => group.watch({ emptied: () => {} })).toThrow(refusal);
    });
  });
});

test('time limits are kept and said', async () => {
  await withGroup({}, async (group) => {
    await runIn(group, 'sleep 60');
    let refusal: unknown;
    await group.remove({ timeoutMs: 20 }).catch((error: unknown) => (refusal = error));
    expect(NsError.is(refusal) && refusal.code).toBe('ERR_NS_CONFLICT');
    expect(String(refusal)).toMatch(/processes \d+(, \d+)* are in it/);
  });
});
