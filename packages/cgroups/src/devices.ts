import { BPF_DEVCG } from '@ns/syscall';

import { invalid } from './errors.js';

/** A rule about devices, as in an OCI configuration. A part that is absent means all. */
export interface DeviceRule {
  readonly allow: boolean;
  /** `a` is all devices, both kinds: it resets what earlier rules said. */
  readonly type: 'a' | 'b' | 'c';
  readonly major?: number | '*';
  readonly minor?: number | '*';
  /** Some of `r`, `w` and `m` (mknod). Default `rwm`. */
  readonly access?: string;
}

/** A rule as the kernel keeps it: `BPF_DEVCG_ACC_*` bits. */
export interface DeviceException {
  readonly type: 'b' | 'c';
  readonly major: number | '*';
  readonly minor: number | '*';
  readonly access: number;
}

/** What a list of rules comes to: everything is allowed, or nothing is, except some. */
export interface DeviceState {
  readonly allowsAll: boolean;
  readonly exceptions: ReadonlyMap<string, DeviceException>;
}

const ACCESS: Readonly<Record<string, number>> = {
  m: BPF_DEVCG.BPF_DEVCG_ACC_MKNOD,
  r: BPF_DEVCG.BPF_DEVCG_ACC_READ,
  w: BPF_DEVCG.BPF_DEVCG_ACC_WRITE,
};

const allow = (type: 'b' | 'c', major: number | '*', minor: number | '*', access = 'rwm'): DeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access,
});

/**
 * Docker's default: nothing but making device nodes, and the devices that every container has in `/dev`.
 */
export const DOCKER_DEFAULT_DEVICES: readonly DeviceRule[] = [
  { allow: false, type: 'a' },
  allow('c', '*', '*', 'm'),
  allow('b', '*', '*', 'm'),
  allow('c', 1, 3), // null
  allow('c', 1, 5), // zero
  allow('c', 1, 7), // full
  allow('c', 1, 8), // random
  allow('c', 1, 9), // urandom
  allow('c', 5, 0), // tty
  allow('c', 5, 1), // console
  allow('c', 5, 2), // ptmx
  allow('c', 136, '*'), // pts/*
];

/** `docker run --privileged`: every device. */
export const ALL_DEVICES: readonly DeviceRule[] = [{ allow: true, type: 'a' }];

/**
 * Parse the text of `docker run --device-cgroup-rule`: `c 1:3 rwm`, `b 8:* r`, `a *:* rwm`.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`
 */
export function parseDeviceRule(text: string): DeviceRule {
  const match = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text.trim().replaceAll(/\s+/g, ' '));
  if (match === null) {
    throw invalid(`device rule ${JSON.stringify(text)} does not read TYPE MAJOR:MINOR ACCESS`, {
      hint: 'for example: c 1:3 rwm, or b 8:* r',
    });
  }
  const [, type, major, minor, access = ''] = match;
  const number = (part = '*'): number | '*' => (part === '*' ? '*' : Number(part));
  return {
    allow: true,
    type: type as DeviceRule['type'],
    major: number(major),
    minor: number(minor),
    access,
  };
}

/** A rule as text, for messages and for version 1: `c 1:3 rwm`. */
export const ruleText = ({ type, major, minor, access }: DeviceException): string =>
  `${type} ${major}:${minor} ${accessText(access)}`;

const accessText = (bits: number): string =>
  ['r', 'w', 'm'].filter((letter) => (bits & (ACCESS[letter] ?? 0)) !== 0).join('');

/**
 * What rules come to, in order. Pure.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a malformed rule, and for one that takes a part out of what an earlier
 * one gave as a whole (`c *:* rwm`, then not `c 1:3`): version 1 cannot express it, and version 2 is to mean the same.
 */
export function deviceState(rules: readonly DeviceRule[]): DeviceState {
  let allowsAll = false;
  const exceptions = new Map<string, DeviceException>();
  for (const rule of rules) {
    if (isEverything(rule)) {
      allowsAll = rule.allow;
      exceptions.clear();
      continue;
    }
    for (const one of split(rule)) {
      if (rule.allow === allowsAll) take(exceptions, one, rule.allow);
      else add(exceptions, one);
    }
  }
  return { allowsAll, exceptions };
}

const isEverything = ({ type, access }: DeviceRule): boolean => type === 'a' && bitsOf(access) === 7;

/** A rule for one kind of device or, of type `a` with less than full access, for both. */
function split(rule: DeviceRule): DeviceException[] {
  const { type, major = '*', minor = '*' } = rule;
  for (const part of [major, minor]) {
    if (part !== '*' && !(Number.isInteger(part) && part >= 0 && part <= 0xffff_ffff)) {
      throw invalid(`device rule ${type} ${major}:${minor}: ${part} is no device number`);
    }
  }
  const access = bitsOf(rule.access);
  const kinds = type === 'a' ? (['b', 'c'] as const) : [type];
  return kinds.map((kind) => ({ type: kind, major, minor, access }));
}

function bitsOf(access = 'rwm'): number {
  let bits = 0;
  for (const letter of access) bits |= ACCESS[letter] ?? 8;
  if (bits > 0 && bits < 8) return bits;
  throw invalid(`device access ${JSON.stringify(access)} is not made of r, w and m`);
}

const keyOf = ({ type, major, minor }: DeviceException): string => `${type} ${major}:${minor}`;

function add(exceptions: Map<string, DeviceException>, one: DeviceException): void {
  const key = keyOf(one);
  const access = one.access | (exceptions.get(key)?.access ?? 0);
  exceptions.set(key, { ...one, access });
}

/** Take an exception back. */
function take(exceptions: Map<string, DeviceException>, one: DeviceException, allowing: boolean): void {
  const key = keyOf(one);
  for (const [other, had] of exceptions) {
    if (other !== key && overlaps(had, one)) {
      const [given, taken] = allowing ? ['denied', 'allow'] : ['allowed', 'deny'];
      throw invalid(`cannot ${taken} device ${ruleText(one)}: ${ruleText(had)} was ${given} as a whole`, {
        hint: 'list what is to be allowed instead',
      });
    }
  }
  const had = exceptions.get(key);
  if (had === undefined) return;
  const access = had.access & ~one.access;
  if (access === 0) exceptions.delete(key);
  else exceptions.set(key, { ...had, access });
}

const meets = (left: number | '*', right: number | '*'): boolean =>
  left === '*' || right === '*' || left === right;

const overlaps = (left: DeviceException, right: DeviceException): boolean =>
  left.type === right.type &&
  meets(left.major, right.major) &&
  meets(left.minor, right.minor) &&
  (left.access & right.access) !== 0;

/** The state that version 1 shows in `devices.list`. What a cgroup that allows all denies is not shown. */
export function parseDeviceList(text: string): DeviceState {
  const rules = text.split('\n').filter(Boolean).map(parseDeviceRule);
  return deviceState([{ allow: false, type: 'a' }, ...rules]);
}
