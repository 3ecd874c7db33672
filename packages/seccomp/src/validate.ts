import { SECCOMP_RET } from '@ns/syscall';

import { invalid } from './errors.js';
import {
  ACTIONS,
  ARCHITECTURES,
  FLAGS,
  OPERATORS,
  type Action,
  type DockerProfile,
  type SeccompProfile,
} from './profile.js';

/** The kernel cuts an errno to this, `<linux/err.h>`. */
const MAX_ERRNO = 4095;
const MAX_ARGUMENT = 5;
const MAX_U64 = (1n << 64n) - 1n;

type Members = Readonly<Record<string, unknown>>;

/**
 * Check that a value is a profile in OCI's format.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` with the place: `seccomp: syscalls[3].args[0].op: …`.
 */
export function checkProfile(value: unknown): asserts value is SeccompProfile {
  const profile = checkCommon(value);
  each(profile['syscalls'], 'syscalls', (rule, place) => {
    for (const member of ['includes', 'excludes']) {
      if (object(rule, place)[member] !== undefined) {
        throw invalid(`${place}.${member}: conditions of Docker’s format`, 'resolve the profile first');
      }
    }
    checkRule(rule, place);
  });
}

/**
 * Check that a value is a profile in Docker's format, which OCI's is too.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` with the place: `seccomp: syscalls[3].includes.minKernel: …`.
 */
export function checkDockerProfile(value: unknown): asserts value is DockerProfile {
  const profile = checkCommon(value);
  each(profile['archMap'], 'archMap', (entry, place) => {
    const { architecture, subArchitectures } = object(entry, place);
    oneOf(architecture, ARCHITECTURES, `${place}.architecture`);
    each(subArchitectures, `${place}.subArchitectures`, (name, where) => oneOf(name, ARCHITECTURES, where));
  });
  if (isFilled(profile['archMap']) && isFilled(profile['architectures'])) {
    throw invalid('archMap: architectures are given too', 'use one of them');
  }
  each(profile['syscalls'], 'syscalls', (rule, place) => {
    checkRule(rule, place);
    const { includes, excludes } = object(rule, place);
    checkFilter(includes, `${place}.includes`);
    checkFilter(excludes, `${place}.excludes`);
  });
}

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

function checkCommon(value: unknown): Members {
  const profile = object(value, 'profile');
  const action = oneOf(profile['defaultAction'], ACTIONS, 'defaultAction');
  if (action === 'SCMP_ACT_NOTIFY') {
    throw invalid(
      'defaultAction: SCMP_ACT_NOTIFY',
      'a listener cannot answer for every call: name the calls in a rule',
    );
  }
  checkErrno(profile['defaultErrnoRet'], action, 'defaultErrnoRet');
  each(profile['architectures'], 'architectures', (name, place) => oneOf(name, ARCHITECTURES, place));
  each(profile['flags'], 'flags', (flag, place) => oneOf(flag, FLAGS, place));
  for (const member of ['listenerPath', 'listenerMetadata']) {
    const text = profile[member];
    if (isGiven(text) && typeof text !== 'string') throw invalid(`${member}: ${show(text)} is no string`);
  }
  return profile;
}

function checkRule(value: unknown, place: string): void {
  const rule = object(value, place);
  const names = rule['names'];
  if (!Array.isArray(names) || names.length === 0) throw invalid(`${place}.names: no system call is named`);
  const wrong = names.findIndex((name) => typeof name !== 'string' || name === '');
  if (wrong !== -1) throw invalid(`${place}.names[${wrong}]: ${show(names[wrong])} is no name`);
  const action = oneOf(rule['action'], ACTIONS, `${place}.action`);
  if (action === 'SCMP_ACT_NOTIFY' && names.includes('write')) {
    throw invalid(
      `${place}.action: SCMP_ACT_NOTIFY for write`,
      'the runtime has to write before a listener can answer: leave write out',
    );
  }
  checkErrno(rule['errnoRet'], action, `${place}.errnoRet`);
  each(rule['args'], `${place}.args`, checkArgument);
}

function checkArgument(value: unknown, place: string): void {
  const argument = object(value, place);
  const { index, valueTwo } = argument;
  if (!isInteger(index, MAX_ARGUMENT))
    throw invalid(`${place}.index: ${show(index)} is not 0 to ${MAX_ARGUMENT}`);
  oneOf(argument['op'], OPERATORS, `${place}.op`);
  checkU64(argument['value'], `${place}.value`);
  if (isGiven(valueTwo)) checkU64(valueTwo, `${place}.valueTwo`);
}

function checkFilter(value: unknown, place: string): void {
  if (!isGiven(value)) return;
  const { caps, arches, minKernel } = object(value, place);
  each(caps, `${place}.caps`, (name, where) => {
    if (typeof name !== 'string' || !/^CAP_[A-Z_]+$/.test(name)) {
      throw invalid(`${where}: ${show(name)} is no capability`, 'write CAP_SYS_ADMIN');
    }
  });
  each(arches, `${place}.arches`, (name, where) => {
    if (typeof name !== 'string') throw invalid(`${where}: ${show(name)} is no architecture`);
  });
  if (isGiven(minKernel) && minKernel !== '' && !/^\d{1,3}\.\d{1,3}$/.test(String(minKernel))) {
    throw invalid(`${place}.minKernel: ${show(minKernel)} is no kernel version`, 'write "4.8"');
  }
}

function checkErrno(value: unknown, action: Action, place: string): void {
  if (!isGiven(value)) return;
  if (action !== 'SCMP_ACT_ERRNO' && action !== 'SCMP_ACT_TRACE') {
    throw invalid(`${place}: ${action} takes none`, 'only SCMP_ACT_ERRNO and SCMP_ACT_TRACE do');
  }
  const most = action === 'SCMP_ACT_ERRNO' ? MAX_ERRNO : SECCOMP_RET.SECCOMP_RET_DATA;
  if (!isInteger(value, most)) throw invalid(`${place}: ${show(value)} is not 0 to ${most}`);
}

function checkU64(value: unknown, place: string): void {
  const fits =
    typeof value === 'bigint' ? value >= 0n && value <= MAX_U64 : isInteger(value, Number.MAX_SAFE_INTEGER);
  if (!fits) throw invalid(`${place}: ${show(value)} is no unsigned integer of 64 bits`);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const isInteger = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;

function object(value: unknown, place: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw invalid(`${place}: ${show(value)} is no object`);
}

function oneOf<Name extends string>(value: unknown, names: readonly Name[], place: string): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw invalid(`${place}: ${show(value)} is not known`, `use one of ${names.join(', ')}`);
}

function each(value: unknown, place: string, check: (item: unknown, place: string) => void): void {
  if (!isGiven(value)) return;
  if (!Array.isArray(value)) throw invalid(`${place}: ${show(value)} is no list`);
  value.forEach((item, index) => check(item, `${place}[${index}]`));
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? Number(inner) : inner,
  );
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
