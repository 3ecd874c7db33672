import { label, type Emitter, type Label, type Value } from '../src/program/emitter.js';
import type { Arithmetic, Relation, Width } from '../src/program/ir.js';

/** One thing said to an emitter, in many shapes of its operands. */
export interface Case {
  readonly name: string;
  readonly emit: (out: Emitter) => void;
}

const constant = (value: number | bigint): Value => ({ constant: value });
const slot = (offset: number): Value => ({ slot: offset });

/** One of each way in which the back ends write a constant, and the first beyond it. */
const CONSTANTS: readonly (number | bigint)[] = [
  0,
  1,
  -1,
  127,
  128,
  -128,
  -129,
  0xffff,
  0x1_0000,
  0x1234_0000,
  0x1234_5678,
  0x1234_ffff,
  0xffff_1234,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
  0x1_0000_0000,
  -0x8000_0000,
  -0x8000_0001,
  -0x1_0000,
  0x0012_0000_0034_0000,
  -0x0012_0000_0034_0000,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  1n,
  -2n,
  0x1234_5678_9abc_def0n,
  0xffff_ffff_1234_ffffn,
  0x7fff_ffff_ffff_ffffn,
  -(2n ** 63n),
  2n ** 64n - 1n,
];

/** The edges of what an instruction can reach: 8 bits signed around 128, 4095 times 8, and beyond. */
const OFFSETS = [0, 8, 248, 256, 32_760, 32_768, 1_000_000];

const jump = (name: string, emit: (out: Emitter, to: Label) => void): readonly Case[] => [
  {
    name: `${name}, forward`,
    emit: (out) => {
      const to = label();
      emit(out, to);
      emit(out, to);
      out.result(0);
      out.bind(to);
    },
  },
  {
    name: `${name}, backward`,
    emit: (out) => {
      const to = label();
      out.bind(to);
      out.result(0);
      emit(out, to);
    },
  },
];

const RELATIONS: readonly Relation[] = ['==', '!=', '<', '<=', '>', '>='];
const OPERATORS: readonly Arithmetic[] = ['+', '-', '&', '|', '<<', '>>'];
const WIDTHS: readonly Width[] = [1, 2, 4, 8];
const numbers = { write: 64, exit_group: 231 };

/** A jump over one instruction, so that its target shows. */
const over = (out: Emitter, emit: (to: Label) => void): void => {
  const to = label();
  emit(to);
  out.result(0);
  out.bind(to);
};

/** Every method of an emitter. The routines come first, as in a program: calls lead to them. */
export const CASES: readonly Case[] = [
  { name: 'prologue', emit: (out) => out.prologue(0x4000_0000) },
  { name: 'routines', emit: (out) => out.routines({ statusFd: 3, record: 0, failureStatus: 125, numbers }) },
  ...[0, 1, 2, 3, 4, 5].flatMap((index): Case[] => [
    { name: `argument ${index} = 0`, emit: (out) => out.argument(index, constant(0)) },
    { name: `argument ${index} = 5`, emit: (out) => out.argument(index, constant(5)) },
    { name: `argument ${index} = -300`, emit: (out) => out.argument(index, constant(-300)) },
    { name: `argument ${index} = 0x10000000`, emit: (out) => out.argument(index, constant(0x1000_0000)) },
    { name: `argument ${index} = 2^40 + 1`, emit: (out) => out.argument(index, constant(2 ** 40 + 1)) },
    { name: `argument ${index} = slot 16`, emit: (out) => out.argument(index, slot(16)) },
    { name: `argument ${index} = slot 4096`, emit: (out) => out.argument(index, slot(4096)) },
  ]),
  ...CONSTANTS.map((value): Case => ({
    name: `constant ${typeof value === 'bigint' ? 'n' : ''}${value < 0 ? '-' : ''}0x${value.toString(16).replace('-', '')}`,
    emit: (out) => out.argument(0, constant(value)),
  })),
  ...OFFSETS.flatMap((offset): Case[] => [
    { name: `slot ${offset}`, emit: (out) => out.argument(0, slot(offset)) },
    { name: `result in ${offset}`, emit: (out) => out.result(offset) },
  ]),
  { name: 'syscall 0', emit: (out) => out.syscall(0) },
  { name: 'syscall 435', emit: (out) => out.syscall(435) },
  { name: 'checked syscall 1', emit: (out) => void out.checkedSyscall(1) },
  { name: 'checked syscall 435', emit: (out) => void out.checkedSyscall(435) },
  { name: 'failure', emit: (out) => void out.failure() },
  { name: 'set result -22', emit: (out) => out.setResult(constant(-22)) },
  { name: 'set result -4095', emit: (out) => out.setResult(constant(-4095)) },
  { name: 'set result slot 40', emit: (out) => out.setResult(slot(40)) },
  ...[1, 128, 129, 4095].map((errno): Case => ({
    name: `jump if errno ${errno}`,
    emit: (out) => over(out, (to) => out.jumpIfErrno(errno, to)),
  })),
  ...jump('jump', (out, to) => out.jump(to)),
  ...jump('jump if error', (out, to) => out.jumpIfError(to)),
  ...jump('jump if success', (out, to) => out.jumpIfSuccess(to)),
  ...jump('jump if zero', (out, to) => out.jumpIfZero(to)),
  ...RELATIONS.flatMap((relation): Case[] => [
    {
      name: `jump if slot 8 ${relation} slot 2400`,
      emit: (out) => over(out, (to) => out.jumpIf(slot(8), relation, slot(2400), to)),
    },
    {
      name: `jump if slot 8 ${relation} 10`,
      emit: (out) => over(out, (to) => out.jumpIf(slot(8), relation, constant(10), to)),
    },
  ]),
  ...[
    0,
    -1,
    4095,
    4096,
    -4095,
    -4096,
    0x7fff_ffff,
    0x8000_0000,
    -0x8000_0000,
    -0x8000_0001,
    7n,
    -(2n ** 63n),
  ].map((value): Case => ({
    name: `jump if 3 < ${value}${typeof value === 'bigint' ? 'n' : ''}`,
    emit: (out) => over(out, (to) => out.jumpIf(constant(3), '<', constant(value), to)),
  })),
  { name: 'slot 8 = 5', emit: (out) => out.compute(8, constant(5), undefined) },
  { name: 'slot 80000 = slot 8', emit: (out) => out.compute(80_000, slot(8), undefined) },
  ...OPERATORS.flatMap((operator): Case[] => [
    {
      name: `slot 8 = slot 16 ${operator} slot 24`,
      emit: (out) => out.compute(8, slot(16), [operator, slot(24)]),
    },
    {
      name: `slot 8 = 100000 ${operator} 7`,
      emit: (out) => out.compute(8, constant(100_000), [operator, constant(7)]),
    },
  ]),
  ...WIDTHS.flatMap((width): Case[] => [
    { name: `load ${width} at 0`, emit: (out) => out.load(8, 0, width, false) },
    { name: `load ${width} at 0, signed`, emit: (out) => out.load(8, 0, width, true) },
    { name: `load ${width} at 1001`, emit: (out) => out.load(8, 1001, width, false) },
    { name: `load ${width} at 80000, signed`, emit: (out) => out.load(8, 80_000, width, true) },
    { name: `store ${width} at 0`, emit: (out) => out.store(slot(8), 0, width) },
    { name: `store ${width} of 77 at 1001`, emit: (out) => out.store(constant(77), 1001, width) },
    { name: `store ${width} at 80000`, emit: (out) => out.store(slot(8), 80_000, width) },
  ]),
  {
    name: 'routines, far record',
    emit: (out) => out.routines({ statusFd: 1000, record: 80_000, failureStatus: 0, numbers }),
  },
];
