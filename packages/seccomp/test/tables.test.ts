import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { needs, type Requirement, type RequirementName } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { syscallNumbers, type Abi } from '../src/index.js';

const ARM_HEADERS = '/usr/arm-linux-gnueabihf/include';
const armHeaders: Requirement = {
  name: 'the kernel headers of 32-bit ARM',
  missing: () => (existsSync(ARM_HEADERS) ? undefined : `${ARM_HEADERS} does not exist`),
  package: 'linux-libc-dev-armhf-cross',
};

interface Source {
  readonly abi: Abi;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly header: string;
  readonly needed: readonly (RequirementName | Requirement)[];
}

const SOURCES: readonly Source[] = [
  { abi: 'x86_64', compiler: 'gcc', flags: [], header: 'asm/unistd_64.h', needed: ['x64', 'gcc'] },
  { abi: 'i386', compiler: 'gcc', flags: [], header: 'asm/unistd_32.h', needed: ['x64', 'gcc'] },
  {
    abi: 'x32',
    compiler: 'gcc',
    flags: ['-D__X32_SYSCALL_BIT=0'],
    header: 'asm/unistd_x32.h',
    needed: ['x64', 'gcc'],
  },
  {
    abi: 'aarch64',
    compiler: 'aarch64-linux-gnu-gcc',
    flags: [],
    header: 'asm/unistd.h',
    needed: ['gcc-aarch64'],
  },
  {
    abi: 'arm',
    compiler: 'gcc',
    flags: ['-nostdinc', '-isystem', ARM_HEADERS, '-D__ARM_EABI__'],
    header: 'asm/unistd.h',
    needed: ['gcc', armHeaders],
  },
];

/** Not system calls. */
const OTHER = new Set([
  'syscalls',
  'arch_specific_syscall',
  'SYSCALL_MASK',
  'OABI_SYSCALL_BASE',
  'SYSCALL_BASE',
]);

/** The numbers of a header's macros, as the compiler works them out. */
function headerNumbers({ compiler, flags, header }: Source): Map<string, number> {
  const run = (args: readonly string[], input: string): string => {
    const { status, stdout, stderr } = spawnSync(compiler, [...flags, ...args, '-x', 'c', '-'], {
      input,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  const include = `#include <${header}>\n`;
  const macros = [...run(['-E', '-dM'], include).matchAll(/^#define __(ARM_)?NR_(\w+)/gm)]
    .map(([, arm = '', name = '']) => ({ macro: `__${arm}NR_${name}`, name }))
    .filter(({ name }) => !OTHER.has(name) && !name.startsWith('BASE'));
  const lines = macros.map(({ macro, name }) => `asm volatile("@@${name} %0" :: "i"(${macro}));`);
  const assembly = run(['-S', '-o', '-'], `${include}void f(void) {\n${lines.join('\n')}\n}\n`);
  return new Map(
    [...assembly.matchAll(/@@(\w+) [#$]?(\d+)/g)].map(([, name = '', number]) => [name, Number(number)]),
  );
}

/** Calls that some headers lack: those after the newest of Debian 12's (Linux 6.1), by the kernel that brought them. */
const NEWER_THAN_HEADERS = new Set(
  `cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr
  lsm_set_self_attr lsm_list_modules mseal uretprobe setxattrat getxattrat listxattrat removexattrat open_tree_attr
  file_getattr file_setattr uprobe listns rseq_slice_yield`.split(/\s+/),
);

describe.each(SOURCES)('the system calls of $abi', (source) => {
  test('are in the order of their numbers', () => {
    const numbers = [...syscallNumbers(source.abi).values()];
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  test('are those of the kernel’s headers', needs(...source.needed), () => {
    const theirs = headerNumbers(source);
    const ours = syscallNumbers(source.abi);
    expect(theirs.size).toBeGreaterThan(300);
    const known = [...ours].filter(([name]) => theirs.has(name) || !NEWER_THAN_HEADERS.has(name));
    expect(Object.fromEntries(known)).toEqual(Object.fromEntries(theirs));
  });
});
