import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import koffi from 'koffi';
import { describe, expect, test } from 'vitest';

import { HOST_SYSCALLS } from '../src/host/host-only.js';
import { MSGHDR_OFFSETS } from '../src/host/message-buffer.js';
import { SYSCALLS } from '../src/program/syscalls.js';
import * as uapi from '../src/uapi/index.js';

const SOURCES = join(import.meta.dirname, '../src/uapi');

/** The compilers whose headers are asked, on an x86-64 machine. */
const COMPILERS = [
  { arch: 'x86_64', compiler: 'gcc', needed: ['x64', 'gcc'] },
  { arch: 'aarch64', compiler: 'aarch64-linux-gnu-gcc', needed: ['gcc-aarch64'] },
] as const;

/** Constants that Debian 12's headers (Linux 6.1) do not have, by the release that introduced them. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  '6.3': [
    'MFD_NOEXEC_SEAL',
    'MFD_EXEC',
    'F_SEAL_EXEC',
    'PR_SET_MDWE',
    'PR_GET_MDWE',
    'PR_MDWE_REFUSE_EXEC_GAIN',
  ],
  '6.4': ['PR_SET_MEMORY_MERGE', 'PR_GET_MEMORY_MERGE'],
  '6.5': ['MOVE_MOUNT_BENEATH', 'AT_HANDLE_FID', 'SO_PASSPIDFD', 'SO_PEERPIDFD', 'SCM_PIDFD'],
  '6.6': ['FSCONFIG_CMD_CREATE_EXCL'],
  '6.7': ['PR_MDWE_NO_INHERIT'],
  '6.8': ['STATX_MNT_ID_UNIQUE'],
  '6.9': [
    'PIDFD_THREAD',
    'PIDFD_SIGNAL_THREAD',
    'PIDFD_SIGNAL_THREAD_GROUP',
    'PIDFD_SIGNAL_PROCESS_GROUP',
    'PID_FS_MAGIC',
    'MPOL_WEIGHTED_INTERLEAVE',
  ],
  '6.10': ['F_DUPFD_QUERY', 'STATX_SUBVOL'],
  '6.11': [
    ...Object.keys(uapi.PIDFD_GET),
    'NS_GET_MNTNS_ID',
    'NS_GET_PID_FROM_PIDNS',
    'NS_GET_TGID_FROM_PIDNS',
    'NS_GET_PID_IN_PIDNS',
    'NS_GET_TGID_IN_PIDNS',
  ],
  '6.12': ['F_CREATED_QUERY'],
};

const newer = new Map(
  Object.entries(NEWER).flatMap(([version, list]) => list.map((name) => [name, version])),
);

const STRUCTS = [
  { type: 'siginfo_t', header: 'signal.h', offsets: uapi.SIGINFO_OFFSETS },
  { type: 'struct statx', header: 'linux/stat.h', offsets: uapi.STATX_OFFSETS },
  { type: 'struct statfs', header: 'asm/statfs.h', offsets: uapi.STATFS_OFFSETS },
  { type: 'struct msghdr', header: 'sys/socket.h', offsets: MSGHDR_OFFSETS },
];

type Arch = (typeof COMPILERS)[number]['arch'];
type Constants = Readonly<Record<string, number>>;

/** Runs a constant expression of each name through the compiler, which need not make anything that runs. */
function evaluate(
  compiler: string,
  headers: readonly string[],
  names: readonly string[],
  expression = (name: string): string => name,
): Map<string, number> {
  const lines = names.map((name) => {
    const line = `asm volatile("@@${name} %0" :: "i"((long long)(${expression(name)})));`;
    const version = newer.get(name);
    return version === undefined
      ? line
      : `#if LINUX_VERSION_CODE >= KERNEL_VERSION(${version.replace('.', ', ')}, 0)\n${line}\n#endif`;
  });
  const program = `#define _GNU_SOURCE
#include <stddef.h>
#include <linux/version.h>
${headers.map((header) => `#include <${header}>`).join('\n')}
void constants(void) {
${lines.join('\n')}
}
`;
  const run = spawnSync(compiler, ['-S', '-o', '-', '-x', 'c', '-'], { input: program, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${compiler}: ${run.stderr}`);
  const found = [...run.stdout.matchAll(/@@(\w+) [#$]?(-?\d+)/g)];
  return new Map(found.map(([, name = '', value]) => [name, Number(value)] as const));
}

/** The entries of `constants` that `names` has. */
const pick = (constants: Constants, names: ReadonlyMap<string, unknown>): Constants =>
  Object.fromEntries(Object.entries(constants).filter(([name]) => names.has(name)));

const isConstants = (value: unknown): value is Constants =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((item) => typeof item === 'number');

const isByArch = (value: unknown): value is Readonly<Record<Arch, Constants>> =>
  typeof value === 'object' && value !== null && 'x86_64' in value && 'aarch64' in value;

interface Module {
  readonly file: string;
  readonly headers: readonly string[];
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The files of constants with the headers that their first comment names. */
async function modules(): Promise<Module[]> {
  const without = new Set(['index.ts', 'flags.ts', 'kdev-t.ts', 'siginfo.ts', 'statfs.ts', 'statx.ts']);
  const files = readdirSync(SOURCES).filter((file) => !file.endsWith('.test.ts') && !without.has(file));
  return Promise.all(
    files.map(async (file) => {
      const comment = readFileSync(join(SOURCES, file), 'utf8').split('*/')[0] ?? '';
      const headers = [...comment.matchAll(/<([\w/.-]+\.h)>/g)].map(([, header = '']) => header);
      const exports: Module['exports'] = await import(join(SOURCES, file));
      return { file, headers, exports };
    }),
  );
}

/** What a module says its constants are on an architecture. */
function stated({ exports }: Module, arch: Arch): Constants {
  const all: Record<string, number> = {};
  for (const [name, value] of Object.entries(exports)) {
    const byArch = exports[`${name}_BY_ARCH`];
    const set = isByArch(byArch) ? byArch[arch] : value;
    if (isConstants(set)) Object.assign(all, set);
  }
  return all;
}

for (const { arch, compiler, needed } of COMPILERS) {
  describe(`what ${compiler} says`, needs(...needed), async () => {
    test.each(await modules())('$file', { timeout: 30_000 }, (module) => {
      const ours = stated(module, arch);
      expect(Object.keys(ours)).not.toHaveLength(0);
      const theirs = evaluate(compiler, module.headers, Object.keys(ours));
      const unchecked = Object.keys(ours).filter((name) => !theirs.has(name));
      expect(unchecked.filter((name) => !newer.has(name))).toEqual([]);
      expect(Object.fromEntries(theirs)).toEqual(pick(ours, theirs));
    });

    test.each(STRUCTS)('the layout of $type', ({ type, header, offsets }) => {
      const names = Object.keys(offsets);
      const theirs = evaluate(compiler, [header], names, (name) => `__builtin_offsetof(${type}, ${name})`);
      expect(Object.fromEntries(theirs)).toEqual(offsets);
    });

    test('system call numbers', () => {
      const numbers = new Map(
        Object.entries({ ...SYSCALLS, ...HOST_SYSCALLS }).map(([name, call]) => [`__NR_${name}`, call[arch]]),
      );
      const theirs = evaluate(compiler, ['asm/unistd.h'], [...numbers.keys()]);
      expect(Object.fromEntries(theirs)).toEqual(Object.fromEntries(numbers));
    });
  });
}

test('a wrong constant would be noticed', needs('gcc'), () => {
  expect(evaluate('gcc', ['linux/sched.h'], ['CLONE_NEWNS']).get('CLONE_NEWNS')).toBe(0x20000);
  expect(() => evaluate('gcc', ['linux/sched.h'], ['CLONE_NEWSPAPER'])).toThrow('CLONE_NEWSPAPER');
});

describe('the C library', needs('linux'), () => {
  test('describes errors in the same words', () => {
    const strerror = koffi.load('libc.so.6').func('const char *strerror(int errnum)') as (
      n: number,
    ) => string;
    for (const errno of Object.values(uapi.ERRNO)) expect(uapi.errnoText(errno)).toBe(strerror(errno));
    expect(uapi.errnoText(524)).toBe(strerror(524));
  });

  test('keeps the same real-time signals for itself', () => {
    const libc = koffi.load('libc.so.6');
    expect((libc.func('int __libc_current_sigrtmin()') as () => number)()).toBe(uapi.SIGRTMIN);
    expect((libc.func('int __libc_current_sigrtmax()') as () => number)()).toBe(uapi.SIGRTMAX);
  });
});
