import { describe, expect, test } from 'vitest';

import {
  allowList,
  CAPABILITIES,
  capabilityMask,
  capabilityNames,
  DOCKER_DEFAULT,
  limitBounding,
  parseCapability,
  parseStatus,
  setCapabilities,
} from './index.js';

describe('names', () => {
  test("Docker's default has the mask that Docker's documentation gives", () => {
    expect(capabilityMask(DOCKER_DEFAULT)).toBe(0xa80425fbn);
  });

  test('are read in any case, with or without the prefix', () => {
    expect(['cap_net_admin', 'NET_ADMIN', 'Cap_Net_Admin'].map(parseCapability)).toEqual([
      'NET_ADMIN',
      'NET_ADMIN',
      'NET_ADMIN',
    ]);
  });

  test('an unknown one is refused by name', () => {
    expect(() => parseCapability('NET_ADMlN')).toThrow('capabilities: unknown capability "NET_ADMlN"');
  });

  test('round trip through a mask', () => {
    expect(capabilityNames(capabilityMask(CAPABILITIES))).toEqual(CAPABILITIES);
  });

  test('a bit without a name is printed as its number', () => {
    expect(capabilityNames(1n << 62n)).toEqual(['62']);
  });
});

describe('allow-list', () => {
  test.each([
    [{}, DOCKER_DEFAULT.length],
    [{ add: ['SYS_PTRACE'] }, DOCKER_DEFAULT.length + 1],
    [{ add: ['CHOWN'] }, DOCKER_DEFAULT.length],
    [{ drop: ['chown'] }, DOCKER_DEFAULT.length - 1],
    [{ drop: ['ALL'] }, 0],
    [{ drop: ['ALL'], add: ['CAP_CHOWN'] }, 1],
    [{ add: ['ALL'] }, CAPABILITIES.length],
    [{ add: ['ALL'], drop: ['SYS_ADMIN'] }, CAPABILITIES.length - 1],
    [{ privileged: true, drop: ['CHOWN'] }, CAPABILITIES.length],
  ])('%j', (changes, count) => {
    expect(allowList(changes)).toHaveLength(count);
  });

  test('names are checked even when privileged', () => {
    expect(() => allowList({ privileged: true, add: ['NOPE'] })).toThrow('unknown capability');
  });
});

describe('steps', () => {
  test('everything that is not allowed leaves the bounding set, unknown numbers included', () => {
    const dropped = limitBounding(0b101n, 4).map((step) => (step.op === 'call' ? step.args[1] : undefined));
    expect(dropped).toEqual([1, 3, 4]);
  });

  test('capset gets effective and permitted, and an empty inheritable set', () => {
    const [capset] = setCapabilities(0x1_0000_0002n);
    const data = capset?.op === 'call' ? capset.args[1] : undefined;
    const bytes =
      typeof data === 'object' && data.kind === 'data' ? (data.bytes as Uint8Array) : new Uint8Array();
    expect([...new Uint32Array(bytes.buffer)]).toEqual([2, 2, 0, 1, 1, 0]);
  });
});

test('status text is parsed', () => {
  const sets = parseStatus(
    'Name:\tx\nCapInh:\t0000000000000000\nCapPrm:\t000001fffeffffff\nCapEff:\t00000000a80425fb\nCapBnd:\t1\nCapAmb:\t2\n',
  );
  expect(sets).toEqual({
    inheritable: 0n,
    permitted: 0x1fffeffffffn,
    effective: 0xa80425fbn,
    bounding: 1n,
    ambient: 2n,
  });
});
