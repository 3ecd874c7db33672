import { describe, expect, test } from 'vitest';

import { judge, type Machine } from './probe.js';

const machine: Machine = {
  system: 'linux',
  arch: 'x64',
  kernel: '6.1.0-13-amd64',
  isRoot: true,
  hasUserNamespaces: false,
};

describe('the native driver', () => {
  test.each<[Partial<Machine>]>([
    [{}],
    [{ arch: 'arm64' }],
    [{ kernel: '5.10.0' }],
    [{ kernel: '10.0' }],
    [{ isRoot: false, hasUserNamespaces: true }],
  ])('can work on %o', (change) => {
    const { kernel } = { ...machine, ...change };
    expect(judge({ ...machine, ...change })).toEqual({ available: true, version: `Linux ${kernel}` });
  });

  test.each<[Partial<Machine>, string]>([
    [{ system: 'darwin' }, 'darwin'],
    [{ arch: 'ia32' }, 'ia32'],
    [{ kernel: '5.9.16' }, '5.9.16'],
    [{ kernel: '4.19.0-27-amd64' }, '4.19.0'],
    [{ isRoot: false }, 'not root'],
  ])('cannot work on %o, and says why', (change, why) => {
    const { available, reason, hint } = judge({ ...machine, ...change });
    expect(available).toBe(false);
    expect(reason).toContain(why);
    expect(hint).toMatch(/.{10,}/);
  });
});
