import { describe, expect, it } from 'vitest';

import { nextDelayMs, parseRestartPolicy, shouldRestart, shouldStartWithDaemon } from './restart-policy.js';

const policy = (name: string, retries = 0): ReturnType<typeof parseRestartPolicy> =>
  parseRestartPolicy({ Name: name, MaximumRetryCount: retries }, false);
const ended = (exitCode: number, restartCount = 0): Parameters<typeof shouldRestart>[1] => ({
  exitCode,
  restartCount,
  manuallyStopped: false,
});

describe('parseRestartPolicy', () => {
  it('takes nothing for "no"', () => {
    expect(parseRestartPolicy(undefined, true)).toEqual({ Name: '', MaximumRetryCount: 0 });
  });

  it.each([
    [{ Name: 'sometimes' }, false, "unknown policy 'sometimes'"],
    [{ Name: 'on-failure', MaximumRetryCount: -1 }, false, 'cannot be negative'],
    [{ Name: 'always', MaximumRetryCount: 3 }, false, "can only be used with 'on-failure'"],
    [{ Name: 'always' }, true, "can't set 'AutoRemove' and a restart policy"],
  ])('refuses %j', (given, autoRemove, message) => {
    expect(() => parseRestartPolicy(given, autoRemove)).toThrow(message);
  });
});

describe('shouldRestart', () => {
  it.each([
    ['no', 1, false],
    ['always', 0, true],
    ['unless-stopped', 0, true],
    ['on-failure', 0, false],
    ['on-failure', 3, true],
  ])('%s after exit code %d: %s', (name, code, expected) => {
    expect(shouldRestart(policy(name), ended(code))).toBe(expected);
  });

  it('ends with the retries', () => {
    expect(shouldRestart(policy('on-failure', 2), ended(1, 1))).toBe(true);
    expect(shouldRestart(policy('on-failure', 2), ended(1, 2))).toBe(false);
  });

  it('leaves alone what a user has stopped', () => {
    expect(shouldRestart(policy('always'), { ...ended(137), manuallyStopped: true })).toBe(false);
  });
});

describe('shouldStartWithDaemon', () => {
  it.each([
    ['always', { running: false, manuallyStopped: true, startedBefore: true }, true],
    ['always', { running: false, manuallyStopped: false, startedBefore: false }, false],
    ['unless-stopped', { running: false, manuallyStopped: true, startedBefore: true }, false],
    ['unless-stopped', { running: true, manuallyStopped: false, startedBefore: true }, true],
    ['on-failure', { running: true, manuallyStopped: false, startedBefore: true }, true],
    ['no', { running: true, manuallyStopped: false, startedBefore: true }, false],
  ])('%s %j: %s', (name, was, expected) => {
    expect(shouldStartWithDaemon(policy(name), was)).toBe(expected);
  });
});

describe('nextDelayMs', () => {
  it('doubles from 100 ms to one minute', () => {
    const delays = Array.from({ length: 12 }, (_, index) => index).reduce<number[]>(
      (all) => [...all, nextDelayMs(all.at(-1) ?? 0, 5)],
      [],
    );
    expect(delays.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(delays.at(-1)).toBe(60_000);
  });

  it('begins anew after a run of ten seconds', () => {
    expect(nextDelayMs(6400, 10_000)).toBe(100);
  });
});
