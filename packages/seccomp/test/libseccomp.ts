import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Requirement } from '@ns/testing';

import { returnValue } from '../src/action.js';
import type { ArchitectureName, Argument, Operator, Rule, SeccompProfile } from '../src/index.js';

/** The headers and the library that filters are compared with. */
export const LIBSECCOMP: Requirement = {
  name: 'libseccomp',
  missing: () => (existsSync('/usr/include/seccomp.h') ? undefined : 'seccomp.h is not installed'),
  package: 'libseccomp-dev',
};

/** `<seccomp.h>`: numbers of operators and architectures. */
const OPERATORS: Readonly<Record<Operator, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};
const TOKENS: Readonly<Partial<Record<ArchitectureName, number>>> = {
  SCMP_ARCH_X86_64: 0xc000_003e,
  SCMP_ARCH_X86: 0x4000_0003,
  SCMP_ARCH_X32: 0x4000_003e,
  SCMP_ARCH_AARCH64: 0xc000_00b7,
  SCMP_ARCH_ARM: 0x4000_0028,
};

/** What libseccomp made of a profile. */
export interface TheirFilter {
  readonly program: Uint8Array;
  /** Names that this version of libseccomp does not know. */
  readonly unknown: ReadonlySet<string>;
}

/** A small program that hands profiles to libseccomp. Remove it with `using`. */
export class Libseccomp implements Disposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'ns-seccomp-'));
  readonly #program: string = join(this.#folder, 'libseccomp');

  constructor() {
    const source = join(import.meta.dirname, 'libseccomp.c');
    const made = spawnSync('gcc', ['-O1', '-Wall', '-o', this.#program, source, '-lseccomp'], {
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(made.stderr);
  }

  /** The filter that runc with libseccomp makes of a profile, without runc's own code for unknown calls. */
  compile(profile: SeccompProfile, architectures: readonly ArchitectureName[]): TheirFilter {
    const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet);
    const rules = profile.syscalls ?? [];
    const lines = [
      // As runc: the binary tree for longer lists.
      `filter ${hex(fallback)} ${rules.length > 32 ? 2 : 1}`,
      ...architectures.map((name) => `arch ${hex(TOKENS[name] ?? 0)}`),
      ...rules
        .filter((rule) => returnValue(rule.action, rule.errnoRet) !== fallback)
        .flatMap((rule) => rule.names.flatMap((name) => ruleLines(rule, name))),
    ];
    const made = spawnSync(this.#program, [], { input: `${lines.join('\n')}\n` });
    if (made.status !== 0) throw new Error(`${String(made.stderr)}\n${lines.join('\n')}`);
    return { program: made.stdout, unknown: new Set(String(made.stderr).split('\n')) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** As runc: conditions on the same argument are rules of their own. */
function ruleLines({ action, errnoRet, args = [] }: Rule, name: string): string[] {
  const line = (list: readonly Argument[]): string =>
    ['rule', hex(returnValue(action, errnoRet)), name, list.length, ...list.map(argumentText)].join(' ');
  const indices = new Set(args.map(({ index }) => index));
  return indices.size < args.length ? args.map((one) => line([one])) : [line(args)];
}

const argumentText = ({ index, op, value, valueTwo = 0 }: Argument): string =>
  `${index} ${OPERATORS[op]} ${hex(value)} ${hex(valueTwo)}`;

const hex = (value: number | bigint): string => value.toString(16);
