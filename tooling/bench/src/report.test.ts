import { describe, expect, it } from 'vitest';

import { figures, short, table, type Group } from './report.ts';

const group: Group = {
  title: 'a title',
  unit: 'ms',
  references: ['slow', 'gone'],
  rows: [
    { name: 'quick', samples: [1, 2, 3] },
    { name: 'slow', samples: [10, 40, 20] },
    { name: 'gone', samples: [], missing: 'not installed' },
  ],
};

describe('figures', () => {
  it('compare medians with the references that were measured', () => {
    expect(figures(group)).toEqual([
      { name: 'quick', median: 2, min: 1, max: 3, samples: 3, ratios: { slow: 0.1 } },
      { name: 'slow', median: 20, min: 10, max: 40, samples: 3, ratios: { slow: 1 } },
      { name: 'gone', missing: 'not installed', samples: 0, ratios: {} },
    ]);
  });
});

describe('table', () => {
  it('lines up, and says what was not measured', () => {
    expect(table(group).split('\n')).toEqual([
      'a title',
      '',
      'ms     median   min   max  n  ÷ slow  ÷ gone',
      'quick    2.00  1.00  3.00  3    0.10       -',
      'slow     20.0  10.0  40.0  3    1.00       -',
      'gone        -     -     -  -       -       -',
      '',
      'not measured:',
      '  gone: not installed',
    ]);
  });
});

describe('numbers', () => {
  it('have about three digits', () => {
    expect([0.1234, 1.234, 12.34, 123.4, 12_345].map(short)).toEqual([
      '0.123',
      '1.23',
      '12.3',
      '123',
      '12,345',
    ]);
  });
});
