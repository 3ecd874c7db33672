import { describe, expect, test } from 'vitest';

import { blkioWeightToIoWeight, parseList, sharesToWeight, weightToShares } from './convert.js';

describe('shares and weights', () => {
  test.each([
    [0, 1],
    [2, 1],
    [3, 2],
    [102, 17],
    [512, 59],
    [1024, 100],
    [262_144, 10_000],
    [999_999, 10_000],
  ])('%i shares are weight %i', (shares, weight) => {
    expect(sharesToWeight(shares)).toBe(weight);
  });

  test('there and back is the same weight', () => {
    const weights = [1, 2, 10, 59, 100, 500, 1000, 9999, 10_000];
    const lost = weights.filter((weight) => Math.abs(sharesToWeight(weightToShares(weight)) - weight) > 1);
    expect(lost).toEqual([]);
    expect(weightToShares(100)).toBe(1024);
  });

  test('more shares are never less weight', () => {
    let last = 0;
    for (let shares = 2; shares <= 262_144; shares += 97) {
      const weight = sharesToWeight(shares);
      expect(weight).toBeGreaterThanOrEqual(last);
      last = weight;
    }
  });

  test.each([
    [10, 1],
    [500, 4950],
    [1000, 10_000],
  ])('a block weight of %i is an io weight of %i', (block, io) => {
    expect(blkioWeightToIoWeight(block)).toBe(io);
  });
});

describe('a list of processors', () => {
  test.each([
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['5, 0-1,1', [0, 1, 5]],
  ])('%s', (text, numbers) => expect(parseList(text)).toEqual(numbers));

  test.each(['', '3-1', 'a', '1-', '-1', '1,,2', '0-3:1/2'])('is not %j', (text) =>
    expect(parseList(text)).toBeUndefined(),
  );
});
