import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { which, type RequirementName } from '@ns/testing';

import { compile } from '../src/program/compile.js';
import { failureOf, type Failure } from '../src/program/describe.js';
import type { Architecture } from '../src/program/elf.js';
import {
  call,
  cstr,
  scratch,
  slot,
  store,
  type CallOptions,
  type Operand,
  type Program,
  type Step,
} from '../src/program/ir.js';
import { AT, O } from '../src/uapi/index.js';

/** The machines that programs are run on, and what that needs. */
export const MACHINES: readonly {
  readonly architecture: Architecture;
  readonly needed: RequirementName[];
}[] = [
  { architecture: 'x86_64', needed: ['linux', 'x64'] },
  { architecture: 'aarch64', needed: ['linux', 'qemu-aarch64'] },
];

const STATUS_FD = 3;
export const FAILURE_STATUS = 111;

/** What became of a program. */
export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** What the program wrote to its status descriptor. */
  readonly record: Buffer;
  readonly failure: Failure | undefined;
}

/** A program of these steps whose failures {@link run} can read. */
export const program = (...steps: readonly (Step | readonly Step[])[]): Program => ({
  title: 'test',
  statusFd: STATUS_FD,
  failureStatus: FAILURE_STATUS,
  steps: steps.flat(),
});

/** Runs a program to its end: natively, or under qemu-user. It has a time limit of ten seconds. */
export function run(what: Program, architecture: Architecture, input = ''): Outcome {
  const image = compile(what, architecture);
  const folder = mkdtempSync(join(tmpdir(), 'ns-program-'));
  try {
    const file = join(folder, 'program');
    writeFileSync(file, image.elf, { mode: 0o755 });
    const [command = file, ...args] =
      architecture === 'aarch64' ? [which('qemu-aarch64-static')!, file] : [file];
    const ended = spawnSync(command, args, {
      input,
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      timeout: 10_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    if (ended.error) throw ended.error;
    const record = Buffer.from(ended.output[STATUS_FD] ?? '');
    return {
      status: ended.status,
      signal: ended.signal,
      stdout: ended.stdout,
      record,
      failure: record.length > 0 ? failureOf(image, record) : undefined,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Steps that write the values of operands to standard output: read them back with {@link values}. */
export function print(...operands: readonly Operand[]): Step[] {
  const space = scratch(Math.max(1, operands.length) * 8, 'printed');
  return [
    ...operands.map((operand, index) => store(operand, space, index * 8, 8)),
    call('write', [1, space, operands.length * 8], { what: 'print' }),
  ];
}

/** The 64-bit integers that a program printed, as signed ones. */
export const values = ({ stdout }: Outcome): bigint[] =>
  Array.from({ length: stdout.length / 8 }, (_, index) => stdout.readBigInt64LE(index * 8));

/** Slots of these names. */
export const slots = <Name extends string>(
  ...names: readonly Name[]
): Record<Name, ReturnType<typeof slot>> =>
  Object.fromEntries(names.map((name) => [name, slot(name)])) as Record<Name, ReturnType<typeof slot>>;

/** The step that opens a file for reading. */
export const open = (path: string, options: Partial<CallOptions> = {}): Step =>
  call('openat', [AT.AT_FDCWD, cstr(path), O.O_RDONLY, 0], { what: `open ${path}`, ...options });
