import { ERRNO, SECCOMP_RET } from '@ns/syscall';

import { returnValue } from '../src/action.js';
import {
  syscallNumbers,
  type Argument,
  type Operator,
  type Rule,
  type SeccompProfile,
} from '../src/index.js';
import { multiplexed } from '../src/multiplexed.js';
import type { TestedAbi, TestedCall } from './random.js';

const ENOSYS = SECCOMP_RET.SECCOMP_RET_ERRNO + ERRNO.ENOSYS;
const LETS_PASS = new Set(['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE']);

/**
 * What a filter must answer to a call, worked out rule by rule without BPF.
 *
 * @param profile - Has the call's ABI, or the answer is death.
 */
export function expectedAnswer(profile: SeccompProfile, call: TestedCall, isNative: boolean): number {
  const { abi, data } = call;
  if (!isNative && !profile.architectures?.includes(abi.name)) return SECCOMP_RET.SECCOMP_RET_KILL_PROCESS;
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const number = data.number - abi.bit;
  if (isUnknown(profile, abi, number)) return LETS_PASS.has(profile.defaultAction) ? fallback : ENOSYS;
  const effective = (profile.syscalls ?? []).flatMap((rule) =>
    returnValue(rule.action, rule.errnoRet) === fallback ? [] : matching(rule, number, call),
  );
  const chosen = effective.find(({ isTested }) => !isTested) ?? effective.find((match) => match.holds);
  return chosen?.value ?? fallback;
}

/** Whether the number has no name, or is newer than what the profile names. */
export function isUnknown(profile: SeccompProfile, { abi }: TestedAbi, number: number): boolean {
  const numbers = syscallNumbers(abi);
  const named = (profile.syscalls ?? []).flatMap(({ names }) =>
    names.flatMap((name) => {
      const other = abi === 'i386' ? multiplexed(name)?.through : undefined;
      return [numbers.get(name) ?? -1, other === undefined ? -1 : (numbers.get(other) ?? -1)];
    }),
  );
  const newest = Math.max(-1, ...named.filter((one) => one < 512));
  if (newest === -1) return false;
  return ![...numbers.values()].includes(number) || (number < 512 && number > newest);
}

interface Match {
  readonly value: number;
  /** Whether the rule looks at arguments. */
  readonly isTested: boolean;
  readonly holds: boolean;
}

/** What a rule says to a call: nothing, or once for each of its names that mean it. */
function matching(rule: Rule, number: number, { abi, data }: TestedCall): Match[] {
  const numbers = syscallNumbers(abi.abi);
  const value = returnValue(rule.action, rule.errnoRet);
  const width = abi.abi === 'x86_64' || abi.abi === 'aarch64' ? 64 : 32;
  const args = (rule.args ?? []).map((one): readonly [index: number, isMet: boolean] => [
    one.index,
    isMet(one, BigInt(data.args?.[one.index] ?? 0), width),
  ]);
  const areAlternatives = new Set(args.map(([index]) => index)).size < args.length;
  const decide = (list: typeof args): boolean =>
    areAlternatives ? list.some(([, one]) => one) : list.every(([, one]) => one);
  // A mask of no bits tests nothing.
  const tests = (rule.args ?? []).map(
    (one) => one.op !== 'SCMP_CMP_MASKED_EQ' || BigInt.asUintN(width, BigInt(one.value)) !== 0n,
  );
  const isTested = areAlternatives ? tests.every(Boolean) : tests.some(Boolean);
  return rule.names.flatMap((name): Match[] => {
    if (numbers.get(name) === number) return [{ value, isTested, holds: decide(args) }];
    const other = abi.abi === 'i386' ? multiplexed(name) : undefined;
    if (other === undefined || numbers.get(other.through) !== number) return [];
    const isIt = BigInt.asUintN(32, BigInt(data.args?.[0] ?? 0)) === BigInt(other.call);
    // The first argument is the call's number: what a rule says of it is taken to hold.
    const rest = args.map(([index, one]): (typeof args)[number] => [index, index === 0 || one]);
    return [{ value, isTested: true, holds: isIt && decide(rest) }];
  });
}

const COMPARE: Readonly<Record<Operator, (a: bigint, b: bigint, c: bigint) => boolean>> = {
  SCMP_CMP_EQ: (a, b) => a === b,
  SCMP_CMP_NE: (a, b) => a !== b,
  SCMP_CMP_LT: (a, b) => a < b,
  SCMP_CMP_LE: (a, b) => a <= b,
  SCMP_CMP_GT: (a, b) => a > b,
  SCMP_CMP_GE: (a, b) => a >= b,
  SCMP_CMP_MASKED_EQ: (a, b, c) => (a & b) === (c & b),
};

function isMet({ op, value, valueTwo }: Argument, argument: bigint, width: 32 | 64): boolean {
  const cut = (one: number | bigint): bigint => BigInt.asUintN(width, BigInt(one));
  return COMPARE[op](cut(argument), cut(value), cut(valueTwo ?? 0));
}
