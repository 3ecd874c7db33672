import { describe, expect, it } from 'vitest';

import { interleave, median, type Subject } from './measure.ts';

describe('interleave', () => {
  const recorder = (log: string[], name: string): Subject => ({ name, run: () => log.push(name) });

  it('runs each once a round, in orders that differ, and does not count warm-ups', async () => {
    const log: string[] = [];
    const subjects = ['a', 'b', 'c', 'd'].map((name) => recorder(log, name));
    const rows = await interleave(subjects, { rounds: 20, warmups: 1, restMs: 0 });
    const rounds = log.join('').match(/.{4}/g) ?? [];
    expect(rounds).toHaveLength(21);
    expect(rounds.every((round) => Array.from(round).toSorted().join('') === 'abcd')).toBe(true);
    // Twenty-one times the same of twenty-four orders: not in the life of the universe.
    expect(new Set(rounds).size).toBeGreaterThan(1);
    expect(rows.map((row) => row.samples.length)).toEqual([20, 20, 20, 20]);
  });

  it('leaves out what fails, keeps its reason, and goes on with the others', async () => {
    let calls = 0;
    const broken: Subject = {
      name: 'broken',
      run: () => {
        calls += 1;
        throw new Error('it broke');
      },
    };
    const log: string[] = [];
    const rows = await interleave(
      [broken, recorder(log, 'a'), { name: 'absent', missing: 'not installed' }],
      {
        rounds: 3,
        warmups: 0,
        restMs: 0,
      },
    );
    expect(calls).toBe(1);
    expect(rows).toEqual([
      { name: 'broken', samples: [], missing: 'it broke' },
      { name: 'a', samples: [1, 2, 3] },
      { name: 'absent', samples: [], missing: 'not installed' },
    ]);
  });
});

describe('median', () => {
  it('is the middle one, or between the two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
    expect(median([])).toBeNaN();
  });
});
