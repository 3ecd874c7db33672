import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** The result of a promise that must not take longer. */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: stop.signal }).then(
    () => assert.fail(`${what}: not within ${limitMs} ms`),
    () => assert.fail('stopped'),
  );
  // The loser of the race is nobody's.
  limit.catch(() => undefined);
  try {
    return await Promise.race([promise, limit]);
  } finally {
    stop.abort();
  }
}

const LEAST_PATIENCE_MS = 5000;

let patienceMs = LEAST_PATIENCE_MS;

/** What is waited for within a case may take a sixth of it: five seconds, or more where cases may be slow. */
export const setPatience = (timeLimitMs: number): void =>
  void (patienceMs = Math.max(LEAST_PATIENCE_MS, timeLimitMs / 6));

/** Ask again and again until the answer is what one waits for; the last answer is in the error. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  isDone: (answer: T) => boolean,
  limitMs: number = patienceMs,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isDone(answer)) return answer;
    if (Date.now() > end)
      assert.fail(`${what}: not within ${limitMs} ms, the last answer is ${JSON.stringify(answer)}`);
    await sleep(10);
  }
}
