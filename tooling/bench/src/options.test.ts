import { describe, expect, it } from 'vitest';

import { parseOptions } from './options.ts';

describe('options', () => {
  it('have defaults', () => {
    expect(parseOptions([])).toEqual({
      rounds: 40,
      warmups: 3,
      containers: 20,
      filter: /./,
      json: '.cache/bench.json',
    });
  });

  it('are checked', () => {
    expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds: "0" is not a number from 1 to 100000');
    expect(() => parseOptions(['--rounds', '1e3'])).toThrow('--rounds');
    expect(() => parseOptions(['--filter', '('])).toThrow('--filter: "(" is not a regular expression');
    expect(() => parseOptions(['--fast'])).toThrow('--fast');
    expect(parseOptions(['-h'])).toBe('help');
  });
});
