import { needs } from '@ns/testing';
import { ERRNO, SECCOMP_RET } from '@ns/syscall';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  compileFilter,
  describeReturn,
  DOCKER_DEFAULT_PROFILE,
  evaluateFilter,
  resolveProfile,
  syscallNumbers,
  type Rule,
  type SeccompProfile,
} from '../src/index.js';
import { multiplexed } from '../src/multiplexed.js';
import { Libseccomp, LIBSECCOMP, type TheirFilter } from './libseccomp.js';
import { isUnknown } from './model.js';
import { aim, callText, drafts, MACHINES, profiles, type TestedAbi, type TestedCall } from './random.js';

const ENOSYS = SECCOMP_RET.SECCOMP_RET_ERRNO + ERRNO.ENOSYS;
const LETS_PASS = new Set(['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE']);

const isOrdered = ({ args = [] }: Rule): boolean => args.some(({ op }) => /_(LT|LE|GT|GE)$/.test(op));

/**
 * The rules of a profile that libseccomp 2.5 compiles as it documents them. It does not always:
 *
 * - which of two rules of a call with different actions wins is an accident of its tree, unless one is unconditional;
 * - after ordered comparisons of one argument by two rules it goes on with the wrong half of the argument;
 * - the number of the call may not be loaded when a name is none of the architecture's.
 */
function withinTheirReach(profile: SeccompProfile, { abi }: TestedAbi): SeccompProfile {
  const conditional = new Map<string, Rule>();
  const syscalls = (profile.syscalls ?? []).flatMap((rule) => {
    const names = rule.names.filter((name) => {
      // All calls that i386 makes through one other share its rules.
      const key = (abi === 'i386' ? multiplexed(name)?.through : undefined) ?? name;
      if (!syscallNumbers(abi).has(name)) return false;
      const before = conditional.get(key);
      if ((rule.args ?? []).length === 0 && key === name) return true;
      conditional.set(key, rule);
      if (before === undefined) return !isAlternative(rule) || !isOrdered(rule);
      return (
        before.action === rule.action &&
        before.errnoRet === rule.errnoRet &&
        !isOrdered(rule) &&
        !isOrdered(before) &&
        key === name
      );
    });
    return names.length === 0 ? [] : [{ ...rule, names }];
  });
  return { ...profile, syscalls };
}

const isAlternative = ({ args = [] }: Rule): boolean =>
  new Set(args.map(({ index }) => index)).size < args.length;

/** The answers to a call that differ. libseccomp leaves unknown calls to the default action, which are not for it to judge. */
function difference(
  profile: SeccompProfile,
  call: TestedCall,
  ours: Uint8Array,
  theirs: TheirFilter,
): string[] {
  const number = call.data.number - call.abi.bit;
  const numbers = syscallNumbers(call.abi.abi);
  if ([...theirs.unknown].some((name) => numbers.get(name) === number)) return [];
  const unknown = isUnknown(profile, call.abi, number) && !LETS_PASS.has(profile.defaultAction);
  const expected = unknown ? ENOSYS : evaluateFilter(theirs.program, call.data).value;
  const answer = evaluateFilter(ours, call.data).value;
  return answer === expected
    ? []
    : [`${callText(call)}: ${describeReturn(answer)} instead of ${describeReturn(expected)}`];
}

const FIRST_ARGUMENTS = [
  0n,
  8n,
  11n,
  12n,
  30n,
  38n,
  40n,
  0x2_0008n,
  0xffff_ffffn,
  0x1_0000_0008n,
  0x1000_0000n,
];

/** A call of every number, with first arguments that profiles look at. */
const everyCall = (abi: TestedAbi): TestedCall[] =>
  Array.from({ length: 620 }, (_, number) =>
    FIRST_ARGUMENTS.map((first) => ({
      abi,
      data: { number: number + abi.bit, architecture: abi.audit, args: [first, first] },
    })),
  ).flat();

const ABIS = MACHINES.flatMap((machine) => machine.abis.map((abi) => ({ machine, abi })));

describe('the same answers as libseccomp', needs('linux', 'gcc', LIBSECCOMP), () => {
  let libseccomp: Libseccomp;
  beforeAll(() => {
    libseccomp = new Libseccomp();
  });
  afterAll(() => libseccomp[Symbol.dispose]());

  test.each(ABIS)('for random profiles and calls of $abi.abi', { timeout: 60_000 }, ({ machine, abi }) => {
    fc.assert(
      fc.property(profiles, drafts({ ...machine, abis: [abi] }, 100), (random, list) => {
        const profile = withinTheirReach({ ...random, architectures: [abi.name] }, abi);
        const theirs = libseccomp.compile(profile, [abi.name]);
        const ours = compileFilter(profile, machine.architecture).program;
        const calls = list.map((draft) => aim(draft, profile));
        expect(calls.flatMap((call) => difference(profile, call, ours, theirs))).toEqual([]);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000 },
    );
  });

  const containers = MACHINES.flatMap((machine) =>
    [[], ['SYS_ADMIN', 'SYS_PTRACE'], ['BPF', 'SYS_TIME', 'SYS_CHROOT']].map((capabilities) => ({
      ...machine,
      capabilities,
    })),
  );
  test.each(containers)(
    "for Docker's default profile with $capabilities and every number on $architecture",
    { timeout: 60_000 },
    ({ architecture, abis, capabilities }) => {
      const context = { capabilities, architecture, kernelVersion: '6.18' };
      const profile = resolveProfile(DOCKER_DEFAULT_PROFILE, context);
      const { program } = compileFilter(profile, architecture);
      const theirs = libseccomp.compile(
        profile,
        abis.map(({ name }) => name),
      );
      const calls = abis.flatMap(everyCall);
      expect(calls.flatMap((call) => difference(profile, call, program, theirs))).toEqual([]);
    },
  );
});
