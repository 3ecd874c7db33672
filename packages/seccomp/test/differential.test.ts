import { needs } from '@ns/testing';
import { ERRNO, SECCOMP_RET } from '@ns/syscall';
import fc from 'fast-check';
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
import {
  aim,
  callText,
  drafts,
  MACHINES,
  profiles,
  type Machine,
  type TestedAbi,
  type TestedCall,
} from './random.js';

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
  const has = (name: string): boolean =>
    syscallNumbers(abi).has(name) || (abi === 'i386' && multiplexed(name) !== undefined);
  const syscalls = (profile.syscalls ?? []).flatMap((rule) => {
    const names = rule.names.filter((name) => {
      // All calls that i386 makes through one other share its rules.
      const key = (abi === 'i386' ? multiplexed(name)?.through : undefined) ?? name;
      if (!has(name)) return false;
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

describe('the same answers as libseccomp', needs('linux', 'gcc', LIBSECCOMP), () => {
  let libseccomp: Libseccomp;
  beforeAll(() => {
    libseccomp = new Libseccomp();
  });
  afterAll(() => libseccomp[Symbol.dispose]());

  /** Compares the answers to a call, where libseccomp has one: it leaves unknown calls to the default action. */
  function check(profile: SeccompProfile, call: TestedCall, ours: Uint8Array, theirs: TheirFilter): void {
    const number = call.data.number - call.abi.bit;
    const numbers = syscallNumbers(call.abi.abi);
    if ([...theirs.unknown].some((name) => numbers.get(name) === number)) return;
    const unknown = isUnknown(profile, call.abi, number) && !LETS_PASS.has(profile.defaultAction);
    const expected = unknown ? ENOSYS : evaluateFilter(theirs.program, call.data).value;
    const answer = evaluateFilter(ours, call.data).value;
    if (answer !== expected) {
      expect(`${callText(call)}: ${describeReturn(answer)}`).toBe(describeReturn(expected));
    }
  }

  const machineOf = (machine: Machine): { machine: Machine; abi: TestedAbi }[] =>
    machine.abis.map((abi) => ({ machine, abi }));

  test.each(MACHINES.flatMap(machineOf))(
    'for random profiles, calls and arguments of $abi.abi',
    { timeout: 60_000 },
    ({ machine, abi }) => {
      fc.assert(
        fc.property(profiles, drafts({ ...machine, abis: [abi] }, 100), (random, list) => {
          const profile = withinTheirReach({ ...random, architectures: [abi.name] }, abi);
          const theirs = libseccomp.compile(profile, [abi.name]);
          const ours = compileFilter(profile, machine.architecture);
          for (const draft of list) check(profile, aim(draft, profile), ours.program, theirs);
        }),
        { numRuns: 60, interruptAfterTimeLimit: 20_000, endOnFailure: true },
      );
    },
  );

  test.each(MACHINES)(
    "for Docker's default profile and every number on $architecture",
    { timeout: 60_000 },
    ({ architecture, abis }) => {
      for (const capabilities of [[], ['SYS_ADMIN', 'SYS_PTRACE'], ['BPF', 'SYS_TIME', 'SYS_CHROOT']]) {
        const context = { capabilities, architecture, kernelVersion: '6.18' };
        const profile = resolveProfile(DOCKER_DEFAULT_PROFILE, context);
        const { program } = compileFilter(profile, architecture);
        const theirs = libseccomp.compile(
          profile,
          abis.map(({ name }) => name),
        );
        for (const abi of abis) {
          for (let number = 0; number < 620; number++) {
            for (const first of [
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
            ]) {
              const data = { number: number + abi.bit, architecture: abi.audit, args: [first, first] };
              check(profile, { abi, data }, program, theirs);
            }
          }
        }
      }
    },
  );
});
