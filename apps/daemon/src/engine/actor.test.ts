import { describe, expect, it } from 'vitest';

import { Actor, withTimeout } from './actor.js';

const later = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

describe('Actor', () => {
  it('runs operations one after the other, in the order they came', async () => {
    const actor = new Actor();
    const seen: string[] = [];
    const slow = actor.run(async () => {
      seen.push('slow begins');
      await later(5);
      seen.push('slow ends');
    });
    const fast = actor.run(() => void seen.push('fast'));
    expect(actor.depth).toBe(2);
    await Promise.all([slow, fast]);
    expect(seen).toEqual(['slow begins', 'slow ends', 'fast']);
    await actor.idle();
    expect(actor.depth).toBe(0);
  });

  it('goes on after an operation that failed', async () => {
    const actor = new Actor();
    const failing = actor.run(() => Promise.reject(new Error('no')));
    const next = actor.run(() => 7);
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe(7);
  });

  it('shares nothing with another', async () => {
    const stuck = new Actor();
    void stuck.run(() => new Promise(() => undefined));
    expect(await new Actor().run(() => 1)).toBe(1);
  });
});

describe('withTimeout', () => {
  it('hands on what came in time', async () => {
    expect(await withTimeout(Promise.resolve(3), 1000, 'count')).toBe(3);
  });

  it('names what took too long', async () => {
    await expect(withTimeout(new Promise(() => undefined), 10, 'start container x')).rejects.toMatchObject({
      code: 'ERR_NS_TIMEOUT',
      message: 'start container x: no answer within 0.01 s',
    });
  });
});
