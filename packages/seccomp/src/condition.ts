import type { Assembler, Target } from './assembler.js';
import type { Argument, Operator } from './profile.js';

/** A condition in the width that the architecture compares. */
export interface Condition {
  readonly index: number;
  readonly op: Operator;
  /** What is compared with; of `SCMP_CMP_MASKED_EQ` what the masked argument must be. */
  readonly value: bigint;
  /** All ones unless `SCMP_CMP_MASKED_EQ`. */
  readonly mask: bigint;
}

/** Bits of an argument. An ABI of 32 bits passes nothing in the upper half. */
export type Width = 32 | 64;

/** Offset of `args` in `struct seccomp_data`; each has its lower half first, on little-endian machines. */
const ARGUMENTS = 16;
const lowWord = (index: number): number => ARGUMENTS + 8 * index;
const highWord = (index: number): number => lowWord(index) + 4;

const high = (value: bigint): number => Number(value >> 32n);
const low = (value: bigint): number => Number(value & 0xffff_ffffn);
const ALL = 0xffff_ffff;

/** A profile's condition. As libseccomp does it: cut to the ABI's width, and only the masked bits of the value count. */
export function condition(argument: Argument, width: Width): Condition {
  const masked = argument.op === 'SCMP_CMP_MASKED_EQ';
  const mask = BigInt.asUintN(width, masked ? BigInt(argument.value) : ~0n);
  const value = BigInt(masked ? (argument.valueTwo ?? 0) : argument.value) & mask;
  return { index: argument.index, op: argument.op, value, mask };
}

/** The same condition with the answers changed over, for those that have one that is simpler. */
const OPPOSITE: Readonly<Partial<Record<Operator, Operator>>> = {
  SCMP_CMP_NE: 'SCMP_CMP_EQ',
  SCMP_CMP_LE: 'SCMP_CMP_GT',
  SCMP_CMP_LT: 'SCMP_CMP_GE',
};

/** Puts in front a test of one condition. */
export function emitCondition(
  assembler: Assembler,
  tested: Condition,
  width: Width,
  yes: Target,
  no: Target,
): Target {
  const { index, op, value, mask } = tested;
  const opposite = OPPOSITE[op];
  if (opposite !== undefined) return emitCondition(assembler, { ...tested, op: opposite }, width, no, yes);
  if (op === 'SCMP_CMP_GT' || op === 'SCMP_CMP_GE') return emitGreater(assembler, tested, width, yes, no);
  const lower = emitWord(assembler, lowWord(index), low(mask), low(value), yes, no);
  return width === 32 ? lower : emitWord(assembler, highWord(index), high(mask), high(value), lower, no);
}

function emitGreater(
  assembler: Assembler,
  { index, op, value }: Condition,
  width: Width,
  yes: Target,
  no: Target,
): Target {
  assembler.compare(op === 'SCMP_CMP_GT' ? 'JGT' : 'JGE', low(value), yes, no);
  const lower = assembler.load(lowWord(index));
  if (width === 32) return lower;
  const equal = assembler.compare('JEQ', high(value), lower, no);
  if (high(value) < ALL) assembler.compare('JGT', high(value), yes, equal);
  return assembler.load(highWord(index));
}

/** Puts in front a load of an argument's lower half. */
export const emitLowWord = (assembler: Assembler, index: number): Target => assembler.load(lowWord(index));
/** Puts in front a load of an argument's upper half. */
export const emitHighWord = (assembler: Assembler, index: number): Target => assembler.load(highWord(index));

/** Puts in front: do the masked bits of a word have this value. */
function emitWord(
  assembler: Assembler,
  offset: number,
  mask: number,
  value: number,
  yes: Target,
  no: Target,
): Target {
  if (mask === 0) return yes;
  if (value === 0 && mask !== ALL) assembler.compare('JSET', mask, no, yes);
  else {
    assembler.compare('JEQ', value, yes, no);
    if (mask !== ALL) assembler.and(mask);
  }
  return assembler.load(offset);
}
