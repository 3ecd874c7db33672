import { describe, expect, test } from 'vitest';

import { parseFields } from './fields.js';
import { parseBlkio, parseIoStat } from './io.js';
import { parsePressure } from './pressure.js';
import { parseLimit } from '../limit-text.js';

const nothing = { discardBytes: 0, discardOperations: 0 };
const counters = { readBytes: 1, writeBytes: 2, readOperations: 3, writeOperations: 4 };

describe('statistics', () => {
  test('of flat files', () => {
    expect(parseFields('usage_usec 10\nnr 2\n')).toEqual({ usage_usec: 10, nr: 2 });
  });

  test('of io on version 2', () => {
    expect(
      parseIoStat('8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.vrate=1.0\n8:16 \n7:0\n'),
    ).toEqual([
      { major: 8, minor: 0, ...counters, discardBytes: 5, discardOperations: 6 },
      { major: 8, minor: 16, readBytes: 0, writeBytes: 0, readOperations: 0, writeOperations: 0, ...nothing },
    ]);
  });

  test('of blkio on version 1', () => {
    const bytes = '8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Total 3\nTotal 3\n';
    const operations = '8:0 Read 3\n8:0 Write 4\n8:0 Total 7\nTotal 7\n';
    expect(parseBlkio(bytes, operations)).toEqual([{ major: 8, minor: 0, ...counters, ...nothing }]);
    expect(parseBlkio('Total 0\n', 'Total 0\n')).toEqual([]);
  });

  test('of pressure', () => {
    const text =
      'some avg10=1.50 avg60=0.25 avg300=0.00 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n';
    const some = { avg10Percent: 1.5, avg60Percent: 0.25, avg300Percent: 0, totalUs: 1234 };
    const full = { avg10Percent: 0, avg60Percent: 0, avg300Percent: 0, totalUs: 12 };
    expect(parsePressure(text)).toEqual({ some, full });
    expect(parsePressure(text.split('\n')[0] ?? '')).toEqual({ some });
    expect(parsePressure('')).toBeUndefined();
  });

  test.each([
    ['max\n', 'unlimited'],
    ['-1\n', 'unlimited'],
    ['9223372036854771712\n', 'unlimited'],
    ['4096\n', 4096],
  ])('of a limit %j', (text, limit) => expect(parseLimit(text)).toBe(limit));
});
