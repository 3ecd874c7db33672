import { PR, PR_CAP_AMBIENT, type Step } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  allowList,
  CAPABILITIES,
  capabilityMask,
  capabilityNames,
  DOCKER_DEFAULT,
  limitBounding,
  limitProcess,
  parseCapability,
  parseStatus,
  SECUREBITS,
  securebitsMask,
  securebitsNames,
  setCapabilities,
  setSecurebits,
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
    [{ add: ['ALL', 'CHOWN'], drop: ['CHOWN'] }, CAPABILITIES.length - 1],
    [{ add: ['ALL'], drop: ['ALL'] }, CAPABILITIES.length],
    [{ add: ['CHOWN'], drop: ['CHOWN'] }, DOCKER_DEFAULT.length],
    [{ add: ['KILL', 'cap_kill'], drop: ['all'] }, 1],
    [{ privileged: true, drop: ['CHOWN'] }, CAPABILITIES.length],
  ])('%j', (changes, count) => {
    expect(allowList(changes)).toHaveLength(count);
  });

  describe('where a capability is not to be had', () => {
    const available = capabilityMask(CAPABILITIES) & ~capabilityMask(['SYS_RESOURCE', 'MKNOD']);

    test('all means the others', () => {
      const others = CAPABILITIES.filter((name) => name !== 'SYS_RESOURCE' && name !== 'MKNOD');
      expect(allowList({ privileged: true, available })).toEqual(others);
      expect(allowList({ add: ['ALL'], available })).toEqual(others);
      expect(allowList({ available })).toEqual(others.filter((name) => DOCKER_DEFAULT.includes(name)));
    });

    test('asking for it is refused, dropping it is not', () => {
      expect(() => allowList({ add: ['SYS_RESOURCE'], available })).toThrow(
        'capabilities: CAP_SYS_RESOURCE cannot be given',
      );
      expect(allowList({ drop: ['SYS_RESOURCE', 'ALL'], available })).toEqual([]);
    });
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

  const capsets = (steps: readonly Step[]): number[][] =>
    steps.flatMap((step) => {
      if (step.op !== 'call' || step.name !== 'capset') return [];
      const data = step.args[1];
      return typeof data === 'object' && data.kind === 'data'
        ? [[...new Uint32Array((data.bytes as Uint8Array).buffer)]]
        : [];
    });
  const operations = (steps: readonly Step[]): unknown[] =>
    steps.map((step) =>
      step.op === 'call' && step.name === 'prctl' ? step.args.slice(0, 2) : 'name' in step && step.name,
    );

  test('capset tells the three sets apart', () => {
    const sets = { permitted: 0b111n, effective: 0b1n, inheritable: 1n << 33n };
    expect(capsets(setCapabilities(sets))).toEqual([[1, 7, 0, 0, 0, 2]]);
  });

  test('what needs CAP_SETPCAP comes before it is given up', () => {
    const limits = { permitted: 1n, inheritable: 1n, ambient: 1n, securebits: 0xef };
    const steps = limitProcess(limits, 1);
    expect(operations(steps)).toEqual([
      [PR.PR_CAPBSET_DROP, 1],
      'capset',
      [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_CLEAR_ALL],
      [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_RAISE],
      [PR.PR_SET_SECUREBITS, 0xef],
      'capset',
    ]);
    expect(capsets(steps)).toEqual([
      [0x101, 0x101, 1, 0, 0, 0],
      [1, 1, 1, 0, 0, 0],
    ]);
  });

  test.each([
    [{ permitted: 1n, effective: 3n }, 'DAC_OVERRIDE: in the effective set and not in the permitted set'],
    [{ permitted: 1n, ambient: 1n }, 'CHOWN: in the ambient set and not in the inheritable set'],
    [
      { permitted: 0n, inheritable: 1n, ambient: 1n },
      'CHOWN: in the ambient set and not in the permitted set',
    ],
    [
      { permitted: 1n, inheritable: 2n, bounding: 1n },
      'DAC_OVERRIDE: in the inheritable set and not in the bounding set',
    ],
  ])('sets that cannot be are refused: %o', (limits, message) => {
    expect(() => limitProcess(limits, 40)).toThrow(message);
  });

  test('secure bits have names', () => {
    expect(securebitsMask(['noroot', 'SECBIT_KEEP_CAPS'])).toBe(0x11);
    expect(securebitsNames(0x111)).toEqual(['NOROOT', 'KEEP_CAPS', '0x100']);
    expect(securebitsNames(securebitsMask(SECUREBITS))).toEqual(SECUREBITS);
    expect(() => securebitsMask(['NO_ROOT'])).toThrow('securebits: unknown secure bit "NO_ROOT"');
    expect(setSecurebits(5)).toMatchObject({
      what: 'set the secure bits to SECBIT_NOROOT|SECBIT_NO_SETUID_FIXUP',
    });
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
