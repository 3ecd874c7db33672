import { AUDIT_ARCH, ERRNO, SECCOMP_RET, slot } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import {
  compileFilter,
  describeReturn,
  DOCKER_DEFAULT_PROFILE,
  evaluateFilter,
  filterFor,
  loadSteps,
  resolveProfile,
  syscallNumbers,
  type Action,
  type Argument,
  type Context,
  type Filter,
  type Rule,
  type SeccompProfile,
} from './index.js';

const CONTEXT: Context = { capabilities: ['CHOWN'], architecture: 'x86_64', kernelVersion: '6.1' };
const X86_64 = AUDIT_ARCH.AUDIT_ARCH_X86_64;

const answer = ({ program }: Filter, name: string | number, ...args: number[]): string => {
  const number = typeof name === 'number' ? name : (syscallNumbers('x86_64').get(name) ?? -1);
  return describeReturn(evaluateFilter(program, { number, architecture: X86_64, args }).value);
};

const allowing = (...syscalls: Rule[]): SeccompProfile => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });
const rule = (name: string, action: Action, ...args: Argument[]): Rule => ({ names: [name], action, args });
const first = (value: number): Argument => ({ index: 0, value, op: 'SCMP_CMP_EQ' });

describe('unknown calls', () => {
  const filter = compileFilter(allowing(rule('faccessat2', 'SCMP_ACT_ALLOW')), 'x86_64');

  test('answer ENOSYS: newer ones than the profile names, and numbers without a name', () => {
    expect(answer(filter, 'read')).toBe('errno EPERM');
    expect(answer(filter, 'faccessat2')).toBe('allow');
    expect(answer(filter, 'epoll_pwait2')).toBe('errno ENOSYS');
    expect(answer(filter, 400)).toBe('errno ENOSYS');
    expect(answer(filter, 1_000_000)).toBe('errno ENOSYS');
    expect(answer(filter, -1)).toBe('errno ENOSYS');
  });

  test.each(['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'] as const)(
    'pass when the default is %s',
    (defaultAction) => {
      const lax = compileFilter({ defaultAction }, 'x86_64');
      expect(answer(lax, 1_000_000)).toBe(answer(lax, 'read'));
    },
  );
});

test('a profile that names no call is obeyed for every number', () => {
  const strict = compileFilter({ defaultAction: 'SCMP_ACT_KILL_PROCESS' }, 'x86_64');
  expect([0, 400, 1_000_000].map((number) => answer(strict, number))).toEqual(
    Array.from({ length: 3 }, () => 'kill process'),
  );
});

describe('ABIs', () => {
  test('that are not listed kill', () => {
    const { program } = compileFilter(allowing(rule('read', 'SCMP_ACT_ALLOW')), 'x86_64');
    const kill = (number: number, architecture: number): string =>
      describeReturn(evaluateFilter(program, { number, architecture }).value);
    expect(kill(3, AUDIT_ARCH.AUDIT_ARCH_I386)).toBe('kill process');
    expect(kill(0x4000_0000, X86_64)).toBe('kill process');
    expect(kill(63, AUDIT_ARCH.AUDIT_ARCH_AARCH64)).toBe('kill process');
  });

  test('of other machines are reported', () => {
    const profile: SeccompProfile = { ...allowing(), architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_S390X'] };
    expect(compileFilter(profile, 'x86_64').otherArchitectures).toEqual(['SCMP_ARCH_S390X']);
    expect(compileFilter(profile, 'aarch64').otherArchitectures).toEqual(profile.architectures);
  });
});

test('names that nobody knows are reported, and do nothing', () => {
  const filter = compileFilter(
    allowing(rule('reed', 'SCMP_ACT_ALLOW'), rule('send', 'SCMP_ACT_ALLOW')),
    'x86_64',
  );
  expect(filter.unknownNames).toEqual(['reed']);
});

describe('rules of one call', () => {
  test('without conditions win over those with, wherever they are; the first of them', () => {
    const filter = compileFilter(
      allowing(
        rule('read', 'SCMP_ACT_TRAP', first(1)),
        rule('read', 'SCMP_ACT_ALLOW'),
        rule('read', 'SCMP_ACT_LOG'),
      ),
      'x86_64',
    );
    expect(answer(filter, 'read', 1)).toBe('allow');
  });

  test('with conditions are tried in order', () => {
    const below: Argument = { index: 0, value: 9, op: 'SCMP_CMP_LT' };
    const filter = compileFilter(
      allowing(rule('read', 'SCMP_ACT_TRAP', first(1)), rule('read', 'SCMP_ACT_ALLOW', below)),
      'x86_64',
    );
    expect([0, 1, 8, 9].map((value) => answer(filter, 'read', value))).toEqual([
      'allow',
      'trap',
      'allow',
      'errno EPERM',
    ]);
  });

  test('are alternatives when one rule tests an argument twice', () => {
    const filter = compileFilter(allowing(rule('read', 'SCMP_ACT_ALLOW', first(1), first(2))), 'x86_64');
    expect([1, 2, 3].map((value) => answer(filter, 'read', value))).toEqual([
      'allow',
      'allow',
      'errno EPERM',
    ]);
  });

  test('by a hundred values of an argument are found by search', () => {
    const values = Array.from({ length: 100 }, (_, index) => index * 3);
    const filter = compileFilter(
      allowing(...values.map((value) => rule('read', 'SCMP_ACT_ALLOW', first(value)))),
      'x86_64',
    );
    const counts = [0, 150, 297].map(
      (value) =>
        evaluateFilter(filter.program, { number: 0, architecture: X86_64, args: [value] }).instructions,
    );
    expect(Math.max(...counts)).toBeLessThan(25);
    expect([297, 298, 300].map((value) => answer(filter, 'read', value))).toEqual([
      'allow',
      'errno EPERM',
      'errno EPERM',
    ]);
  });
});

describe('size', () => {
  const many = (rules: number): SeccompProfile =>
    allowing(
      ...Array.from({ length: rules }, (_, index): Rule => {
        const args = [0, 1, 2].map((at): Argument => ({
          index: at,
          value: 2n ** 40n + BigInt(index),
          op: 'SCMP_CMP_GE',
        }));
        return { names: ['ioctl'], action: 'SCMP_ACT_ALLOW', args };
      }),
    );

  test('far jumps are made where a rule is far', () => {
    const filter = compileFilter(many(200), 'x86_64');
    expect(filter.length).toBeGreaterThan(2000);
    expect(answer(filter, 'ioctl', 2 ** 41, 2 ** 41, 2 ** 41)).toBe('allow');
    expect(answer(filter, 'ioctl', 2 ** 41, 2 ** 41, 2 ** 40 - 1)).toBe('errno EPERM');
    expect(answer(filter, 'read')).toBe('errno EPERM');
    expect(answer(filter, 1_000_000)).toBe('errno ENOSYS');
  });

  test('a profile that the kernel would not take is refused', () => {
    expect(() => compileFilter(many(1000), 'x86_64')).toThrow(
      /^seccomp: the profile needs \d+ BPF instructions, and the kernel takes 4096$/,
    );
  });
});

describe("Docker's default profile", () => {
  test.each(['x86_64', 'aarch64'] as const)('is small and knows its names on %s', (architecture) => {
    const filter = filterFor({ ...CONTEXT, architecture });
    expect(filter.length).toBeLessThan(500);
    // Of RISC-V, for which no filters are made.
    expect(filter.unknownNames).toEqual(['riscv_hwprobe']);
  });

  test('finds frequent calls in few instructions', () => {
    const { program } = filterFor(CONTEXT);
    for (const name of ['read', 'write', 'openat', 'futex', 'epoll_wait', 'mmap']) {
      const number = syscallNumbers('x86_64').get(name) ?? -1;
      expect(evaluateFilter(program, { number, architecture: X86_64 }).instructions).toBeLessThanOrEqual(10);
    }
  });

  test('allows more with more capabilities', () => {
    const administrator = filterFor({ ...CONTEXT, capabilities: ['CAP_SYS_ADMIN', 'BPF'] });
    expect(['mount', 'bpf', 'clone3', 'reboot'].map((name) => answer(administrator, name))).toEqual([
      'allow',
      'allow',
      'allow',
      'errno EPERM',
    ]);
    expect(['mount', 'bpf', 'clone3'].map((name) => answer(filterFor(CONTEXT), name))).toEqual([
      'errno EPERM',
      'errno EPERM',
      'errno ENOSYS',
    ]);
  });

  test('is compiled once for containers alike', () => {
    expect(filterFor({ ...CONTEXT, capabilities: ['A', 'B'] })).toBe(
      filterFor({ ...CONTEXT, capabilities: ['B', 'A'] }),
    );
    expect(filterFor(CONTEXT)).not.toBe(filterFor(CONTEXT, { ...DOCKER_DEFAULT_PROFILE }));
  });
});

describe('return values', () => {
  test.each([
    [SECCOMP_RET.SECCOMP_RET_ERRNO + ERRNO.EXDEV, 'errno EXDEV'],
    [SECCOMP_RET.SECCOMP_RET_ERRNO + 4000, 'errno 4000'],
    [SECCOMP_RET.SECCOMP_RET_TRACE + 7, 'trace 7'],
    [SECCOMP_RET.SECCOMP_RET_USER_NOTIF, 'notify'],
    [0x1234_0000, '0x12340000'],
  ])('%s is %s', (value, text) => {
    expect(describeReturn(value)).toBe(text);
  });

  test('a program that has none is refused', () => {
    expect(() => evaluateFilter(new Uint8Array(), { number: 0, architecture: X86_64 })).toThrow(
      'ends without an answer',
    );
    expect(() =>
      evaluateFilter(new Uint8Array([0x28, 0, 0, 0, 0, 0, 0, 0]), { number: 0, architecture: X86_64 }),
    ).toThrow('seccomp: the filter has the instruction 0x28');
  });
});

describe('steps', () => {
  const notify = compileFilter(
    { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule('mount', 'SCMP_ACT_NOTIFY')] },
    'x86_64',
  );
  const plain = filterFor(CONTEXT);

  const flagsOf = (filter: Filter, options: Parameters<typeof loadSteps>[1]): unknown => {
    const [group] = loadSteps(filter, options);
    const [call] = group?.op === 'group' ? group.steps : [];
    return call?.op === 'call' ? call.args[1] : undefined;
  };

  test('have the profile’s flags or those that are given', () => {
    const flags = compileFilter(
      { defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_LOG'] },
      'x86_64',
    );
    expect(flagsOf(flags, {})).toBe(2);
    expect(flagsOf(flags, { flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'] })).toBe(4);
    expect(flagsOf(notify, { listener: slot('listener') })).toBe(8);
    expect(flagsOf(notify, { listener: slot('listener'), flags: ['SECCOMP_FILTER_FLAG_TSYNC'] })).toBe(0x19);
  });

  test('need a listener exactly when a rule has SCMP_ACT_NOTIFY', () => {
    expect(() => loadSteps(notify)).toThrow('seccomp: the profile has SCMP_ACT_NOTIFY and no listener');
    expect(() => loadSteps(plain, { listener: slot('listener') })).toThrow('seccomp: a listener is given');
    expect(() => loadSteps(plain, { flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] })).toThrow(
      'seccomp: flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV without a rule',
    );
  });
});

test('null is a member that is not there', () => {
  const profile = JSON.parse(
    '{"defaultAction":"SCMP_ACT_ERRNO","architectures":null,"flags":null,"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":null,"errnoRet":null}]}',
  ) as SeccompProfile;
  expect(answer(compileFilter(profile, 'x86_64'), 'read')).toBe('allow');
});

test('a profile that was not resolved is not compiled', () => {
  expect(() => compileFilter(DOCKER_DEFAULT_PROFILE, 'x86_64')).toThrow(
    /includes: conditions of Docker’s format/,
  );
  expect(() => compileFilter(resolveProfile(DOCKER_DEFAULT_PROFILE, CONTEXT), 'x86_64')).not.toThrow();
});
