import { describe, expect, it } from 'vitest';

import { formatNs, nowNs, parseTime } from './clock.js';

describe('times', () => {
  it('now is now, and never goes back', () => {
    const first = nowNs();
    expect(nowNs()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(Number(first / 1_000_000n) - Date.now())).toBeLessThan(50);
  });

  it('are written with nine decimals', () => {
    expect(formatNs(1_700_000_000_123_456_789n)).toBe('2023-11-14T22:13:20.123456789Z');
  });

  it.each([
    ['1700000000', 1_700_000_000_000_000_000n],
    ['1700000000.25', 1_700_000_000_250_000_000n],
    ['1700000000.123456789', 1_700_000_000_123_456_789n],
    ['2023-11-14T22:13:20Z', 1_700_000_000_000_000_000n],
    ['2023-11-14T22:13:20.123456789Z', 1_700_000_000_123_456_789n],
    ['2023-11-14T23:13:20+01:00', 1_700_000_000_000_000_000n],
  ])('%s is read', (text, ns) => {
    expect(parseTime(text)).toBe(ns);
  });

  it('a duration is so long ago', () => {
    const ago = Number(nowNs() - parseTime('1m30s')!) / 1e9;
    expect(ago).toBeCloseTo(90, 1);
  });

  it('what is no time is undefined', () => {
    expect(parseTime('yesterday-ish')).toBeUndefined();
  });
});
