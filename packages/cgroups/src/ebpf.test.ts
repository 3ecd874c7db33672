import { BPF_DEVCG } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  ALL_DEVICES,
  deviceState,
  DOCKER_DEFAULT_DEVICES,
  parseDeviceRule,
  type DeviceRule,
} from './devices.js';
import { assembleDeviceProgram } from './ebpf.js';
import { runProgram } from '../test/bpf-interpreter.js';

const { BPF_DEVCG_ACC_MKNOD: M, BPF_DEVCG_ACC_READ: R, BPF_DEVCG_ACC_WRITE: W } = BPF_DEVCG;
const TYPES = { b: BPF_DEVCG.BPF_DEVCG_DEV_BLOCK, c: BPF_DEVCG.BPF_DEVCG_DEV_CHAR };

/** What a program of rules says to a request: `c 1:3`, an access. */
function decide(
  rules: readonly DeviceRule[],
  type: 'b' | 'c',
  major: number,
  minor: number,
  access: number,
): boolean {
  const context = new Uint8Array(12);
  const view = new DataView(context.buffer);
  view.setUint32(0, (access << 16) | TYPES[type], true);
  view.setUint32(4, major, true);
  view.setUint32(8, minor, true);
  return runProgram(assembleDeviceProgram(deviceState(rules)), context) === 1;
}

describe('Docker’s default', () => {
  const allowed = (...request: readonly ['b' | 'c', number, number, number]): boolean =>
    decide(DOCKER_DEFAULT_DEVICES, ...request);

  test.each([
    ['c', 1, 3, R | W], // null
    ['c', 1, 9, R], // urandom
    ['c', 5, 2, R | W], // ptmx
    ['c', 136, 77, R | W | M], // pts
    ['c', 10, 229, M], // making a node is no access
    ['b', 8, 0, M],
  ] as const)('allows %s %i:%i %i', (type, major, minor, access) =>
    expect(allowed(type, major, minor, access)).toBe(true),
  );

  test.each([
    ['c', 1, 1, R], // mem
    ['c', 1, 11, R], // kmsg
    ['c', 10, 229, R | W], // fuse
    ['c', 10, 229, R | M], // part of it is not enough
    ['b', 1, 3, R], // the other kind
    ['b', 8, 0, R],
    ['c', 137, 0, R],
  ] as const)('denies %s %i:%i %i', (type, major, minor, access) =>
    expect(allowed(type, major, minor, access)).toBe(false),
  );
});

describe('rules', () => {
  test('of privileged allow everything', () => {
    expect(decide(ALL_DEVICES, 'b', 0xfff, 0xf_ffff, R | W | M)).toBe(true);
  });

  test('allow what the text of --device-cgroup-rule says', () => {
    const rules = [{ allow: false, type: 'a' }, parseDeviceRule('b 8:* rw')] as const;
    expect(decide(rules, 'b', 8, 17, R | W)).toBe(true);
    expect(decide(rules, 'b', 8, 17, M)).toBe(false);
    expect(decide(rules, 'b', 9, 17, R)).toBe(false);
  });

  test('that deny answer for requests that ask for any of it', () => {
    const rules = [
      { allow: true, type: 'a' },
      { allow: false, type: 'c', major: 1, access: 'w' },
    ] as const;
    expect(decide(rules, 'c', 1, 3, R)).toBe(true);
    expect(decide(rules, 'c', 1, 3, R | W)).toBe(false);
    expect(decide(rules, 'c', 2, 3, R | W)).toBe(true);
  });

  test('agree with a plain reading of them, for random rules and requests', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
    for (let round = 0; round < 300; round++) {
      const allow = pick([true, false]);
      const rules: DeviceRule[] = Array.from({ length: random(6) }, () => ({
        allow: !allow,
        type: pick(['b', 'c'] as const),
        major: pick(['*', 1, 2, 0xffff_ffff] as const),
        minor: pick(['*', 0, 1] as const),
        access: pick(['r', 'w', 'rw', 'rwm', 'm']),
      }));
      const state = deviceState([{ allow, type: 'a' }, ...rules]);
      const [type, major, minor] = [pick(['b', 'c'] as const), pick([1, 2, 3, 0xffff_ffff]), random(3)];
      const access = 1 + random(7);
      const meets = (part: number | '*', number: number): boolean => part === '*' || part === number;
      const isException = [...state.exceptions.values()].some(
        (one) =>
          one.type === type &&
          meets(one.major, major) &&
          meets(one.minor, minor) &&
          (allow ? (access & one.access) !== 0 : (access & ~one.access) === 0),
      );
      const said = decide([{ allow, type: 'a' }, ...rules], type, major, minor, access);
      expect(said, JSON.stringify({ rules, type, major, minor, access })).toBe(allow !== isException);
    }
  });
});

describe('a program', () => {
  test('is these bytes', () => {
    const state = deviceState([{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }]);
    const hex = Buffer.from(assembleDeviceProgram(state))
      .toString('hex')
      .replaceAll(/(.{16})/g, '$1 ')
      .trim();
    expect(hex.split(' ')).toEqual([
      '6112000000000000', // r2 = *(u32 *)(r1 + 0)
      'bc23000000000000', // w3 = w2
      '54020000ffff0000', // w2 &= 0xffff
      '7403000010000000', // w3 >>= 16
      '6114040000000000', // r4 = *(u32 *)(r1 + 4)
      '6115080000000000', // r5 = *(u32 *)(r1 + 8)
      '5602070002000000', // if w2 != 2 goto +7
      '5604060001000000', // if w4 != 1 goto +6
      '5605050003000000', // if w5 != 3 goto +5
      'bc31000000000000', // w1 = w3
      '5401000001000000', // w1 &= mknod
      '5601020000000000', // if w1 != 0 goto +2
      'b400000001000000', // w0 = 1
      '9500000000000000', // exit
      'b400000000000000', // w0 = 0
      '9500000000000000', // exit
    ]);
  });
});
