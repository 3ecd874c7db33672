import { slot, walk } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { checkIdMap, idMapText, writeIdMaps } from './id-map.js';
import { subordinateIds, subordinateMap } from './subordinate-ids.js';

const line = (
  inside: number,
  outside: number,
  length: number,
): { inside: number; outside: number; length: number } => ({
  inside,
  outside,
  length,
});

describe('checkIdMap', () => {
  test.each([
    [[line(0, 0, 4_294_967_295)]],
    [[line(0, 1000, 1), line(1, 100_000, 65_536)]],
    [[line(10, 20, 5), line(0, 5, 10)]],
    [Array.from({ length: 340 }, (_, index) => line(index * 2, index * 2, 1))],
  ])('takes %#', (map) => {
    expect(() => checkIdMap('uid', map)).not.toThrow();
  });

  test.each([
    ['nothing', [], /no mapping given/],
    ['no root', [line(1, 1, 1)], /id 0 of the container is not mapped/],
    ['an empty range', [line(0, 0, 0)], /not a positive integer/],
    ['a negative id', [line(0, -1, 1)], /not a positive integer/],
    ['a fraction', [line(0, 0.5, 1)], /not a positive integer/],
    ['an id that means none', [line(0, 0, 4_294_967_296)], /beyond the largest id, 4294967294/],
    ['an overflow outside', [line(0, 4_294_967_294, 2)], /beyond the largest id/],
    ['an overlap inside', [line(0, 0, 10), line(9, 100, 1)], /overlap at inside id 9/],
    ['an overlap outside', [line(0, 0, 10), line(10, 9, 1)], /overlap at outside id 9/],
    [
      'too many lines',
      Array.from({ length: 341 }, (_, index) => line(index, index, 1)),
      /341 mappings are more/,
    ],
    [
      'too much text',
      Array.from({ length: 200 }, (_, index) => line(index * 1_000_000, index * 10_000_000, 1_000_000)),
      /longer than the kernel's 4095/,
    ],
  ])('refuses %s', (_, map, message) => {
    expect(() => checkIdMap('gid', map)).toThrow(message);
  });
});

test('a map is one line per range', () => {
  expect(idMapText([line(0, 1000, 1), line(1, 100_000, 65_536)])).toBe('0 1000 1\n1 100000 65536\n');
});

describe('writeIdMaps', () => {
  const whats = (denySetgroups: boolean): string[] =>
    [
      ...walk(
        writeIdMaps({
          socket: slot('socket'),
          uidMap: [line(0, 1, 1)],
          gidMap: [line(0, 2, 1)],
          denySetgroups,
          closed: [],
        }),
      ),
    ].flatMap((step) => (step.op === 'call' && step.name === 'write' ? [step.what] : []));

  test('writes uids, then gids', () => {
    expect(whats(false)).toEqual(['write uid_map', 'write gid_map']);
  });

  test('forbids setgroups before it maps groups, when asked', () => {
    expect(whats(true)).toEqual(['write uid_map', 'write setgroups', 'write gid_map']);
  });
});

describe('subordinate ids', () => {
  const text = 'alice:100000:65536\n# comment\nbob:200000:10\n1000:300000:5\nalice:x:1\nalice:400000:0\n\n';

  test('are those of the name and of the number', () => {
    expect(subordinateIds(text, { name: 'alice', uid: 1000 })).toEqual([
      { start: 100_000, length: 65_536 },
      { start: 300_000, length: 5 },
    ]);
    expect(subordinateIds(text, { name: 'carol', uid: 1 })).toEqual([]);
  });

  test('follow the own id in the map', () => {
    const map = subordinateMap(1000, subordinateIds(text, { name: 'alice', uid: 1000 }));
    expect(map).toEqual([line(0, 1000, 1), line(1, 100_000, 65_536), line(65_537, 300_000, 5)]);
    expect(() => checkIdMap('uid', map)).not.toThrow();
  });
});
