import { walk } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { checkTimeOffsets, newTimeNamespace, timeOffsetsText } from './time.js';

describe('time offsets', () => {
  test('are seconds and nanoseconds that are not negative', () => {
    expect(timeOffsetsText({ monotonicNs: 1_500_000_000n, boottimeNs: -1n })).toBe(
      'monotonic 1 500000000\nboottime -1 999999999\n',
    );
    expect(timeOffsetsText({ monotonicNs: -2_000_000_000n })).toBe('monotonic -2 0\n');
    expect(timeOffsetsText({ monotonicNs: 0n })).toBe('');
  });

  test('end at 146 years', () => {
    const limit = 4_611_686_018n * 1_000_000_000n;
    expect(() => checkTimeOffsets({ boottimeNs: -limit })).not.toThrow();
    expect(() => checkTimeOffsets({ boottimeNs: limit + 1n })).toThrow(/beyond 4611686018 seconds/);
    expect(() => checkTimeOffsets({ boottimeNs: 5 as unknown as bigint })).toThrow(/is not a bigint/);
  });

  test('are written between unshare and setns, and not at all when there are none', () => {
    const names = (steps: ReturnType<typeof newTimeNamespace>): string[] =>
      [...walk(steps)].flatMap((step) => (step.op === 'call' ? [step.name] : []));
    expect(names(newTimeNamespace({ monotonicNs: 1n }))).toEqual([
      'unshare',
      'openat',
      'write',
      'openat',
      'setns',
    ]);
    expect(names(newTimeNamespace())).toEqual(['unshare', 'openat', 'setns']);
  });
});
