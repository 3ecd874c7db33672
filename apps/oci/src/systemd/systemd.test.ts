import { describe, expect, test } from 'vitest';

import { annotatedProperties } from './annotations.js';
import { bitsOf, limitProperties } from './limits.js';
import { unitNameOf } from './unit.js';
import { parseVariant } from './variant.js';

const plain = (properties: ReturnType<typeof limitProperties>): Record<string, unknown> =>
  Object.fromEntries(properties.map(([name, { signature, value }]) => [name, [signature, value]]));

describe('values of annotations, in GVariant’s text form', () => {
  test.each<[string, string, unknown]>([
    ['5', 'i', 5],
    ['-5', 'i', -5],
    ['uint64 18446744073709551615', 't', 18_446_744_073_709_551_615n],
    ['int64 -3', 'x', -3n],
    ['uint32 7', 'u', 7],
    ['byte 0x0f', 'y', 15],
    ['1.5', 'd', 1.5],
    ['true', 'b', true],
    [' false ', 'b', false],
    ["'it\\'s'", 's', "it's"],
    ['"a b"', 's', 'a b'],
    ['[\'a\', "b"]', 'as', ['a', 'b']],
    ['[]', 'as', []],
  ])('%s', (given, signature, value) => expect(parseVariant(given)).toMatchObject({ signature, value }));

  test.each([
    '',
    'text',
    '-0x5',
    'uint32 -1',
    'byte 256',
    'float 5',
    "'a",
    "['a' 'b']",
    "['a',",
    '[5]',
    'toString 5',
    "'a' 'b'",
  ])('not %j', (given) => expect(parseVariant(given)).toBeUndefined());

  test('are properties of the unit; seconds become microseconds', () => {
    const annotations = {
      'org.systemd.property.CollectMode': "'inactive-or-failed'",
      'org.systemd.property.TimeoutStopSec': '5',
      'org.systemd.property.RuntimeMaxUSec': 'uint64 7',
      'org.other': 'x',
    };
    expect(plain(annotatedProperties(annotations))).toEqual({
      CollectMode: ['s', 'inactive-or-failed'],
      TimeoutStopUSec: ['t', 5_000_000n],
      RuntimeMaxUSec: ['t', 7n],
    });
  });

  test.each([
    ['org.systemd.property.', '1', 'no name of a systemd property'],
    ['org.systemd.property.a-b', '1', 'no name of a systemd property'],
    ['org.systemd.property.Slice', 'x.slice', 'is no value'],
    ['org.systemd.property.TimeoutStopSec', "'soon'", 'a time is no number of seconds'],
    ['org.systemd.property.TimeoutStopSec', '-1', 'a time is no number of seconds'],
  ])('%s: %s is refused', (name, value, message) => {
    expect(() => annotatedProperties({ [name]: value })).toThrow(`config.json: annotations["${name}"]: `);
    expect(() => annotatedProperties({ [name]: value })).toThrow(message);
  });
});

describe('limits as properties', () => {
  const resources = {
    memory: { limitBytes: 100, memorySwapBytes: 150, reservationBytes: 50 },
    cpu: { shares: 1024, quotaUs: 12_345, periodUs: 100_000 },
    cpuset: { cpus: '0-1,9', mems: '0' },
    pids: { limit: 'unlimited' as const },
    io: { weight: 500 },
  };

  test('on version 2', () => {
    expect(plain(limitProperties(resources, true))).toEqual({
      MemoryMax: ['t', 100n],
      MemoryLow: ['t', 50n],
      MemorySwapMax: ['t', 50n],
      TasksMax: ['t', 18_446_744_073_709_551_615n],
      CPUWeight: ['t', 100n],
      CPUQuotaPeriodUSec: ['t', 100_000n],
      // 12.345 % of a processor, which systemd can only tell in hundredths: no less.
      CPUQuotaPerSecUSec: ['t', 130_000n],
      AllowedCPUs: ['ay', Buffer.from([3, 2])],
      AllowedMemoryNodes: ['ay', Buffer.from([1])],
    });
  });

  test('on version 1', () => {
    expect(plain(limitProperties(resources, false))).toEqual({
      MemoryLimit: ['t', 100n],
      TasksMax: ['t', 18_446_744_073_709_551_615n],
      CPUShares: ['t', 1024n],
      CPUQuotaPeriodUSec: ['t', 100_000n],
      CPUQuotaPerSecUSec: ['t', 130_000n],
      BlockIOWeight: ['t', 500n],
    });
    expect(limitProperties({}, false)).toEqual([]);
  });

  test('an idle group has no weight', () => {
    expect(plain(limitProperties({ cpu: { idle: true } }, true))).toEqual({ CPUWeight: ['t', 0n] });
  });

  test('devices', () => {
    const devices = [
      { allow: false, type: 'a' },
      { allow: true, type: 'c', access: 'm' },
      { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
      { allow: true, type: 'b', major: 8, minor: 0 },
    ] as const;
    expect(plain(limitProperties({ devices }, true))).toEqual({
      DevicePolicy: ['s', 'strict'],
      DeviceAllow: [
        'a(ss)',
        [
          ['char-*', 'm'],
          ['/dev/char/1:3', 'rw'],
          ['/dev/block/8:0', 'mrw'],
        ],
      ],
    });
    expect(plain(limitProperties({ devices: [{ allow: true, type: 'a' }] }, true))).toEqual({
      DevicePolicy: ['s', 'auto'],
      DeviceAllow: ['a(ss)', []],
    });
  });

  test('lists as bits', () => {
    expect([...bitsOf('0')]).toEqual([1]);
    expect([...bitsOf('15')]).toEqual([0, 128]);
    expect([...bitsOf('7-8,0')]).toEqual([129, 1]);
  });
});

test('names of units', () => {
  const name = (prefix: string, of: string): string =>
    unitNameOf({ kind: 'systemd', slice: 'a.slice', prefix, name: of });
  expect(name('docker', '1234')).toBe('docker-1234.scope');
  expect(name('', '1234')).toBe('1234.scope');
  expect(name('x', 'pod-1.slice')).toBe('pod-1.slice');
});
