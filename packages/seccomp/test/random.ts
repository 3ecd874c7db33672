import { AUDIT_ARCH } from '@ns/syscall';
import * as fc from 'fast-check';

import {
  syscallNumbers,
  type Abi,
  type Architecture,
  type ArchitectureName,
  type Argument,
  type Rule,
  type SeccompProfile,
  type SyscallData,
} from '../src/index.js';
import { OPERATORS } from '../src/profile.js';

/** An ABI of a machine, as tests must know it. */
export interface TestedAbi {
  readonly abi: Abi;
  readonly name: ArchitectureName;
  readonly audit: number;
  readonly bit: number;
}

export interface Machine {
  readonly architecture: Architecture;
  readonly abis: readonly TestedAbi[];
}

/** The machines, each with its own ABI first. */
export const MACHINES: readonly Machine[] = [
  {
    architecture: 'x86_64',
    abis: [
      { abi: 'x86_64', name: 'SCMP_ARCH_X86_64', audit: AUDIT_ARCH.AUDIT_ARCH_X86_64, bit: 0 },
      { abi: 'i386', name: 'SCMP_ARCH_X86', audit: AUDIT_ARCH.AUDIT_ARCH_I386, bit: 0 },
      { abi: 'x32', name: 'SCMP_ARCH_X32', audit: AUDIT_ARCH.AUDIT_ARCH_X86_64, bit: 0x4000_0000 },
    ],
  },
  {
    architecture: 'aarch64',
    abis: [
      { abi: 'aarch64', name: 'SCMP_ARCH_AARCH64', audit: AUDIT_ARCH.AUDIT_ARCH_AARCH64, bit: 0 },
      { abi: 'arm', name: 'SCMP_ARCH_ARM', audit: AUDIT_ARCH.AUDIT_ARCH_ARM, bit: 0 },
    ],
  },
];

const WORDS = [0n, 1n, 2n, 38n, 0x7e02_0000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn];
const words = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.constantFrom(...WORDS.map((word) => word << 32n)),
  fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...WORDS)).map(([high, low]) => (high << 32n) | low),
  fc.bigInt(0n, (1n << 64n) - 1n),
);

const argument: fc.Arbitrary<Argument> = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  op: fc.constantFrom(...OPERATORS),
  value: words,
  valueTwo: words,
});

/** Calls that each ABI has, that only some have, that i386 multiplexes, and one that nobody has. */
const NAMES =
  `read write socket socketpair accept4 clone semop shmget personality ioctl execveat preadv mmap2 chown32
arm_fadvise64_64 cacheflush faccessat2 futex_waitv listns no_such_call`.split(/\s+/);
const names = fc.oneof(fc.constantFrom(...NAMES), fc.constantFrom(...syscallNumbers('x86_64').keys()));

type Acting = Pick<Rule, 'action' | 'errnoRet'>;
const acting: fc.Arbitrary<Acting> = fc.constantFrom<Acting>(
  { action: 'SCMP_ACT_ALLOW' },
  { action: 'SCMP_ACT_LOG' },
  { action: 'SCMP_ACT_ERRNO' },
  { action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
  { action: 'SCMP_ACT_ERRNO', errnoRet: 0 },
  { action: 'SCMP_ACT_KILL' },
  { action: 'SCMP_ACT_KILL_PROCESS' },
  { action: 'SCMP_ACT_TRAP' },
  { action: 'SCMP_ACT_TRACE', errnoRet: 4096 },
);

const rule: fc.Arbitrary<Rule> = fc
  .record({
    acting,
    called: fc.uniqueArray(names, { minLength: 1, maxLength: 3 }),
    args: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(argument, { minLength: 1, maxLength: 3 }) },
    ),
  })
  .map(({ acting: { action, errnoRet }, called, args }) => ({ names: called, action, errnoRet, args }));

/** Profiles with up to 40 rules that overlap now and then. */
export const profiles: fc.Arbitrary<SeccompProfile> = fc
  .record({
    byDefault: acting,
    architectures: fc.subarray<ArchitectureName>(['SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_ARM']),
    syscalls: fc.array(rule, { maxLength: 40 }),
  })
  .map(({ byDefault: { action, errnoRet }, architectures, syscalls }) => ({
    defaultAction: action,
    defaultErrnoRet: errnoRet,
    architectures,
    syscalls,
  }));

/** A call, and the ABI by which it is made. */
export interface TestedCall {
  readonly abi: TestedAbi;
  readonly data: SyscallData;
}

interface Draft {
  readonly abi: TestedAbi;
  readonly called: string;
  readonly near: number;
  readonly args: readonly bigint[];
  readonly pick: number;
}

/** Calls of a machine: most are ones that a rule is about, with arguments at the edge of its conditions. */
export const drafts = (machine: Machine, count: number): fc.Arbitrary<Draft[]> =>
  fc.array(
    fc.record({
      abi: fc.constantFrom(...machine.abis),
      called: names,
      near: fc.integer({ min: -1, max: 1 }),
      args: fc.array(words, { minLength: 6, maxLength: 6 }),
      pick: fc.nat(),
    }),
    { minLength: count, maxLength: count },
  );

/** Makes a call that is of interest for a profile. */
export function aim({ abi, called, near, args, pick }: Draft, profile: SeccompProfile): TestedCall {
  const rules = profile.syscalls ?? [];
  const aimed = rules[pick % (rules.length + 1)];
  const name = aimed?.names[pick % aimed.names.length];
  const numbers = syscallNumbers(abi.abi);
  const number = name === undefined ? (numbers.get(called) ?? 500) + near : (numbers.get(name) ?? 0);
  const values = [...args];
  for (const { index, value, valueTwo, op } of pick % 4 === 0 ? [] : (aimed?.args ?? [])) {
    const edge = BigInt(op === 'SCMP_CMP_MASKED_EQ' ? (valueTwo ?? 0) : value);
    values[index] = BigInt.asUintN(64, edge + BigInt(near));
  }
  return { abi, data: { number: Math.max(0, number) + abi.bit, architecture: abi.audit, args: values } };
}

/** For messages. */
export const callText = ({ abi, data }: TestedCall): string =>
  `${abi.abi} ${data.number - abi.bit}(${(data.args ?? []).map((one) => `0x${one.toString(16)}`).join(', ')})`;
