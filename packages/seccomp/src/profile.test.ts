import { describe, expect, test } from 'vitest';

import {
  checkDockerProfile,
  checkProfile,
  DOCKER_DEFAULT_PROFILE,
  parseProfile,
  parseSecurityOption,
  resolveProfile,
  type Context,
  type DockerProfile,
} from './index.js';

const profile = (members: object): string => JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...members });
const withRule = (rule: object): string =>
  profile({
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['write'], action: 'SCMP_ACT_ALLOW', ...rule },
    ],
  });
const withArgument = (argument: object): string =>
  withRule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...argument }] });

describe('a profile file', () => {
  test('is read', () => {
    expect(parseProfile(withArgument({}))).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
        { names: ['write'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      ],
    });
  });

  test('of an old Docker has name instead of names', () => {
    const text =
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"chmod","action":"SCMP_ACT_ERRNO","args":null}]}';
    expect(parseProfile(text).syscalls).toEqual([{ names: ['chmod'], action: 'SCMP_ACT_ERRNO' }]);
    const both = withRule({ name: 'chmod' });
    expect(() => parseProfile(both)).toThrow('seccomp: syscalls[1].name: names are given too');
  });

  test('keeps all 64 bits of a value, and text that looks like one', () => {
    const [big, most] = ['9007199254740993', '18446744073709551615'];
    const text = `{"defaultAction":"SCMP_ACT_ALLOW","listenerMetadata":"a ${most} \\" 1234567890123456789","syscalls":[{"names":["read"],
      "action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":${big},"valueTwo":${most},"op":"SCMP_CMP_MASKED_EQ"}]}]}`;
    const read = parseProfile(text);
    expect(read.syscalls?.[0]?.args?.[0]).toMatchObject({ value: BigInt(big), valueTwo: BigInt(most) });
    expect(read.listenerMetadata).toBe(`a ${most} " 1234567890123456789`);
    expect(parseProfile(text.replace(big, '1000000000000000')).syscalls?.[0]?.args?.[0]?.value).toBe(1e15);
  });

  test.each([
    ['{', /^seccomp: the profile is no JSON: /],
    ['[]', 'seccomp: profile: [] is no object'],
    ['[9007199254740993]', 'seccomp: profile: [9007199254740992] is no object'],
    ['{}', 'seccomp: defaultAction: nothing is not known'],
    [profile({ defaultAction: 'allow' }), 'seccomp: defaultAction: "allow" is not known'],
    [profile({ defaultAction: 'SCMP_ACT_NOTIFY' }), 'seccomp: defaultAction: SCMP_ACT_NOTIFY'],
    [profile({ defaultErrnoRet: 4096 }), 'seccomp: defaultErrnoRet: 4096 is not 0 to 4095'],
    [
      profile({ defaultAction: 'SCMP_ACT_KILL', defaultErrnoRet: 1 }),
      'seccomp: defaultErrnoRet: SCMP_ACT_KILL takes none',
    ],
    [profile({ architectures: 'SCMP_ARCH_X86' }), 'seccomp: architectures: "SCMP_ARCH_X86" is no list'],
    [profile({ architectures: ['amd64'] }), 'seccomp: architectures[0]: "amd64" is not known'],
    [
      profile({ flags: ['SECCOMP_FILTER_FLAG_NEW'] }),
      'seccomp: flags[0]: "SECCOMP_FILTER_FLAG_NEW" is not known',
    ],
    [profile({ listenerPath: 1 }), 'seccomp: listenerPath: 1 is no string'],
    [profile({ archMap: [{ architecture: 'x' }] }), 'seccomp: archMap[0].architecture: "x" is not known'],
    [
      profile({ archMap: [{ architecture: 'SCMP_ARCH_X86' }], architectures: ['SCMP_ARCH_X86'] }),
      'seccomp: archMap: architectures are given too',
    ],
    [withRule({ names: [] }), 'seccomp: syscalls[1].names: no system call is named'],
    [withRule({ names: ['a', ''] }), 'seccomp: syscalls[1].names[1]: "" is no name'],
    [withRule({ action: undefined }), 'seccomp: syscalls[1].action: nothing is not known'],
    [withRule({ action: 'SCMP_ACT_NOTIFY' }), 'seccomp: syscalls[1].action: SCMP_ACT_NOTIFY for write'],
    [withRule({ errnoRet: 1 }), 'seccomp: syscalls[1].errnoRet: SCMP_ACT_ALLOW takes none'],
    [
      withRule({ action: 'SCMP_ACT_TRACE', errnoRet: 65_536 }),
      'seccomp: syscalls[1].errnoRet: 65536 is not 0 to 65535',
    ],
    [withArgument({ index: 6 }), 'seccomp: syscalls[1].args[0].index: 6 is not 0 to 5'],
    [withArgument({ op: 'EQ' }), 'seccomp: syscalls[1].args[0].op: "EQ" is not known'],
    [withArgument({ value: -1 }), 'seccomp: syscalls[1].args[0].value: -1 is no unsigned integer of 64 bits'],
    [
      withArgument({ value: 1.5 }),
      'seccomp: syscalls[1].args[0].value: 1.5 is no unsigned integer of 64 bits',
    ],
    [
      withArgument({ valueTwo: '1' }),
      'seccomp: syscalls[1].args[0].valueTwo: "1" is no unsigned integer of 64 bits',
    ],
    [
      withRule({ includes: { caps: ['SYS_ADMIN'] } }),
      'seccomp: syscalls[1].includes.caps[0]: "SYS_ADMIN" is no capability',
    ],
    [
      withRule({ includes: { arches: [1] } }),
      'seccomp: syscalls[1].includes.arches[0]: 1 is no architecture',
    ],
    [
      withRule({ excludes: { minKernel: '4' } }),
      'seccomp: syscalls[1].excludes.minKernel: "4" is no kernel version',
    ],
  ])('%s is refused', (text, message) => {
    expect(() => parseProfile(text)).toThrow(message);
  });

  test('with 21 digits is refused with them', () => {
    const text = withArgument({ value: 1 }).replace('"value":1', '"value":184467440737095516160');
    expect(() => parseProfile(text)).toThrow('value: 184467440737095516160 is no unsigned integer');
  });
});

test("an OCI profile has none of Docker's conditions", () => {
  expect(() => checkProfile(JSON.parse(withRule({ includes: { minKernel: '4.8' } })))).toThrow(
    'seccomp: syscalls[1].includes: conditions of Docker’s format',
  );
});

describe("a profile of Docker's format", () => {
  const context: Context = {
    capabilities: ['CAP_CHOWN', 'SYS_TIME'],
    architecture: 'x86_64',
    kernelVersion: '6.1.0-13-amd64',
  };
  const resolved = (rule: object, changes: Partial<Context> = {}): boolean => {
    const one: DockerProfile = JSON.parse(withRule(rule));
    checkDockerProfile(one);
    return resolveProfile(one, { ...context, ...changes }).syscalls?.length === 2;
  };

  test.each([
    [{}, true],
    [{ includes: { caps: ['CAP_SYS_TIME'] } }, true],
    [{ includes: { caps: ['CAP_SYS_TIME', 'CAP_BPF'] } }, false],
    [{ excludes: { caps: ['CAP_BPF', 'CAP_CHOWN'] } }, false],
    [{ excludes: { caps: ['CAP_BPF'] } }, true],
    [{ includes: { arches: ['arm64', 'amd64'] } }, true],
    [{ includes: { arches: ['arm64'] } }, false],
    [{ excludes: { arches: ['amd64'] } }, false],
    [{ excludes: { arches: ['s390'] } }, true],
    [{ includes: { minKernel: '6.1' } }, true],
    [{ includes: { minKernel: '6.2' } }, false],
    [{ includes: { minKernel: '5.19' } }, true],
    [{ excludes: { minKernel: '5.19' } }, false],
    [{ excludes: { minKernel: '10.0' } }, true],
    [{ includes: { minKernel: '6.1', caps: ['CAP_BPF'] } }, false],
  ])('%j applies: %s', (rule, isThere) => {
    expect(resolved(rule)).toBe(isThere);
  });

  test('is for the machine it is resolved for', () => {
    expect(resolved({ includes: { arches: ['arm64'] } }, { architecture: 'aarch64' })).toBe(true);
    expect(
      resolveProfile(DOCKER_DEFAULT_PROFILE, { ...context, architecture: 'aarch64' }).architectures,
    ).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  });

  test('needs a kernel version', () => {
    expect(() => resolved({}, { kernelVersion: 'linux' })).toThrow('seccomp: "linux" is no kernel version');
  });

  test('comes to a plain OCI profile', () => {
    expect(() => checkProfile(resolveProfile(DOCKER_DEFAULT_PROFILE, context))).not.toThrow();
    expect(JSON.parse(JSON.stringify(DOCKER_DEFAULT_PROFILE))).toEqual(
      parseProfile(JSON.stringify(DOCKER_DEFAULT_PROFILE)),
    );
  });
});

test.each([
  ['unconfined', { kind: 'unconfined' }],
  ['builtin', { kind: 'profile', profile: DOCKER_DEFAULT_PROFILE }],
  ['/etc/profile.json', { kind: 'file', path: '/etc/profile.json' }],
  [' {"defaultAction":"SCMP_ACT_ALLOW"}', { kind: 'profile', profile: { defaultAction: 'SCMP_ACT_ALLOW' } }],
])('--security-opt seccomp=%s', (value, expected) => {
  expect(parseSecurityOption(value)).toEqual(expected);
});
