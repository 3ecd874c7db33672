import { describe, expect, it } from 'vitest';

import { API_VERSION, compareVersions, MIN_API_VERSION, negotiate } from './versions.js';

describe('compareVersions', () => {
  it.each([
    ['1.9', '1.24', -1],
    ['1.47', '1.47', 0],
    ['2.0', '1.99', 1],
    ['1', '1.0', 0],
  ])('%s and %s: %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(-sign + 0);
  });
});

describe('negotiate', () => {
  it('takes the lower of the two highest versions', () => {
    expect(negotiate('1.52')).toBe(API_VERSION);
    expect(negotiate('1.41')).toBe('1.41');
  });

  it('takes the lowest with an engine that does not say', () => {
    expect(negotiate(undefined)).toBe(MIN_API_VERSION);
    expect(negotiate('')).toBe(MIN_API_VERSION);
  });
});
