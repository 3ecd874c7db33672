import { describe, expect, it } from 'vitest';

import {
  parseCpus,
  parseDevice,
  parseDeviceRule,
  resourceFlags,
  resourcesOf,
  type ResourceFlags,
} from './resources.js';
import type { Flag, Values } from '../flags/flag.js';

/** What flags come to, given as pairs of key and text. */
function resources(...given: (readonly [keyof ResourceFlags, string])[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(resourceFlags)) values[key] = flag.initial;
  for (const [key, text] of given)
    values[key] = (resourceFlags[key] as Flag<unknown>).apply(values[key], text);
  const result = resourcesOf(values as Values<ResourceFlags>);
  return Object.fromEntries(
    Object.entries(result).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

describe('resources', () => {
  it('are nothing when nothing is asked for', () => expect(resources()).toEqual({}));

  it('are Docker’s numbers', () => {
    expect(
      resources(
        ['memory', '64m'],
        ['memorySwap', '-1'],
        ['memoryReservation', '1g'],
        ['cpus', '1.5'],
        ['cpuShares', '512'],
        ['pidsLimit', '-1'],
        ['blkioWeight', '300'],
        ['cpusetCpus', '0-1'],
        ['deviceReadBps', '/dev/sda:1mb'],
        ['deviceWriteIops', '/dev/sda:100'],
        ['blkioWeightDevice', '/dev/sda:200'],
        ['oomKillDisable', 'true'],
      ),
    ).toEqual({
      Memory: 64 * 1024 ** 2,
      MemorySwap: -1,
      MemoryReservation: 1024 ** 3,
      NanoCpus: 1_500_000_000,
      CpuShares: 512,
      PidsLimit: -1,
      BlkioWeight: 300,
      CpusetCpus: '0-1',
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1024 ** 2 }],
      BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 100 }],
      BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 200 }],
      OomKillDisable: true,
    });
  });

  it.each([
    ['memory', 'much', "invalid size: 'much'"],
    ['memorySwap', '-2', 'invalid size'],
    ['cpuShares', 'x', 'not a whole number'],
    ['deviceReadBps', 'sda:1', 'bad format'],
    ['deviceReadBps', '/dev/sda', 'bad format'],
    ['deviceReadIops', '/dev/sda:-1', 'below 0'],
    ['blkioWeightDevice', '/dev/sda:5', 'invalid weight'],
    ['memorySwappiness', '101', '0-100'],
  ] as const)('--%s %s: %s', (key, text, message) => {
    expect(() => resources([key, text])).toThrow(message);
  });
});

describe('parseCpus', () => {
  it.each([
    ['1', 1e9],
    ['.5', 5e8],
    ['0.000000001', 1],
  ])('%s', (text, nano) => expect(parseCpus(text)).toBe(nano));
  it.each(['', '-1', 'one', '1e3', '1.'])('refuses %j', (text) =>
    expect(() => parseCpus(text)).toThrow('rational number'),
  );
});

describe('parseDevice', () => {
  it.each([
    ['/dev/fuse', ['/dev/fuse', '/dev/fuse', 'rwm']],
    ['/dev/fuse:rw', ['/dev/fuse', '/dev/fuse', 'rw']],
    ['/dev/fuse:/dev/other', ['/dev/fuse', '/dev/other', 'rwm']],
    ['/dev/fuse:/dev/other:r', ['/dev/fuse', '/dev/other', 'r']],
  ])('%s', (text, [PathOnHost, PathInContainer, CgroupPermissions]) =>
    expect(parseDevice(text)).toEqual({ PathOnHost, PathInContainer, CgroupPermissions }),
  );
  it.each([
    ['', 'is required'],
    ['fuse', 'path'],
    ['/dev/a:/dev/b:x', 'invalid device mode'],
    ['/dev/a:/b:r:w', 'invalid device specification'],
  ])('refuses %j', (text, message) => expect(() => parseDevice(text)).toThrow(message));
});

describe('parseDeviceRule', () => {
  it('takes the kernel’s form', () => {
    for (const rule of ['c 10:229 rwm', 'a *:* r', 'b 8:* m']) expect(parseDeviceRule(rule)).toBe(rule);
    for (const rule of ['', 'c 10 rwm', 'd 1:1 r', 'c 1:1', 'c 1:1 x'])
      expect(() => parseDeviceRule(rule)).toThrow('invalid device cgroup format');
  });
});
