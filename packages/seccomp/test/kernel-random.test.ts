import { needs } from '@ns/testing';
import { SECCOMP_RET } from '@ns/syscall';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { compileFilter, syscallNumbers, type SeccompProfile } from '../src/index.js';
import { expectedAnswer } from './model.js';
import { aim, callText, drafts, MACHINES, profiles, type TestedAbi, type TestedCall } from './random.js';
import { calls32Bit, UnderFilter } from './under-filter.js';

const [{ abis }] = MACHINES as readonly [(typeof MACHINES)[number]];
const [native, i386, x32] = abis as readonly [TestedAbi, TestedAbi, TestedAbi];

/** What the program that makes the calls needs itself. */
const NEEDED = ['write', 'exit_group'];

/** The same profile with an errno of its own as every answer: no call reaches the kernel's own code. */
function harmless(profile: SeccompProfile): SeccompProfile {
  return {
    ...profile,
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 3000,
    architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [
      { names: NEEDED, action: 'SCMP_ACT_ALLOW' },
      ...(profile.syscalls ?? []).map((rule, index) => ({
        ...rule,
        action: 'SCMP_ACT_ERRNO' as const,
        errnoRet: 2000 + index,
      })),
    ],
  };
}

/** Calls that newer kernels never show to a filter: without a probe of perf they end in SIGILL. */
const UNFILTERED = ['uretprobe', 'uprobe'];

const isAnswered = ({ abi, data }: TestedCall): boolean =>
  ![...NEEDED, ...UNFILTERED].some((name) => syscallNumbers(abi.abi).get(name) === data.number - abi.bit);

describe('the kernel answers as the profile means', needs('linux', 'x64', 'gcc'), () => {
  let program: UnderFilter;
  beforeAll(() => {
    program = new UnderFilter();
  });
  afterAll(() => program[Symbol.dispose]());

  const property = (tested: readonly TestedAbi[]): void =>
    fc.assert(
      fc.property(profiles, drafts({ architecture: 'x86_64', abis: tested }, 200), (random, list) => {
        const profile = harmless(random);
        const calls = list.map((draft) => aim(draft, profile)).filter(isAnswered);
        const answers = program.answers(compileFilter(profile, 'x86_64').program, calls);
        const wrong = calls.flatMap((call, index) => {
          const errno = expectedAnswer(profile, call, call.abi === native) & SECCOMP_RET.SECCOMP_RET_DATA;
          return answers[index] === -errno
            ? []
            : [`${callText(call)}: ${answers[index]} instead of ${-errno}`];
        });
        expect(wrong).toEqual([]);
        expect(answers).toHaveLength(calls.length);
      }),
      { numRuns: 40, interruptAfterTimeLimit: 20_000 },
    );

  test('to random calls of x86-64 and x32', { timeout: 60_000 }, () => {
    property([native, x32]);
    expect(program.answers(undefined, [])).toEqual([]);
  });

  test('to random calls of i386', { timeout: 60_000, ...needs(calls32Bit) }, () => {
    property([i386]);
    expect(program.answers(undefined, [])).toEqual([]);
  });
});
