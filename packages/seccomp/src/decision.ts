import type { Assembler, Target } from './assembler.js';
import { emitCondition, emitHighWord, emitLowWord, type Condition, type Width } from './condition.js';
import type { Operator } from './profile.js';
import { emitRanges, mergeRanges, type Range } from './range-tree.js';

/** What a filter returns when some conditions hold. */
export interface Alternative {
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly value: number;
}

/** What a filter does with a call: a return value, or the first alternative that applies. */
export interface Decision {
  readonly alternatives: readonly Alternative[];
  readonly otherwise: number;
}

/** Puts in front the code of a decision. */
export function emitDecision(assembler: Assembler, decision: Decision, width: Width): Target {
  if (decision.alternatives.length > 2) {
    const ranges = asRanges(decision);
    if (ranges !== undefined) return emitLookup(assembler, ranges, width);
  }
  let next: Target = { value: decision.otherwise };
  for (const { conditions, value } of decision.alternatives.toReversed()) {
    let target: Target = { value };
    for (const one of conditions.toReversed()) target = emitCondition(assembler, one, width, target, next);
    next = target;
  }
  return next;
}

/** A lookup of one argument: ranges below 2^32, and what a value above has. */
interface Lookup {
  readonly index: number;
  readonly ranges: readonly Range<number>[];
  readonly above: number;
}

const TWO_32 = 1n << 32n;

/**
 * A decision whose every alternative compares the same argument once is a partition of that argument's values: a
 * search tree finds the part, when a list of alternatives would try one after the other.
 */
function asRanges({ alternatives, otherwise }: Decision): Lookup | undefined {
  const index = alternatives[0]?.conditions[0]?.index;
  const starts = new Set<bigint>([0n]);
  for (const { conditions } of alternatives) {
    const [one, ...more] = conditions;
    if (index === undefined || one?.index !== index || more.length > 0) return undefined;
    if (one.op === 'SCMP_CMP_MASKED_EQ' || one.value >= TWO_32) return undefined;
    starts.add(one.value).add(one.value + 1n);
  }
  const outcome = (argument: bigint): number =>
    alternatives.find(({ conditions: [one] }) => one !== undefined && holds(one, argument))?.value ??
    otherwise;
  const ranges = [...starts]
    .filter((start) => start < TWO_32)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((start): Range<number> => ({ start: Number(start), outcome: outcome(start), weight: 1 }));
  return index === undefined ? undefined : { index, ranges: mergeRanges(ranges), above: outcome(TWO_32) };
}

/** Whether a condition holds for a value. */
function holds({ op, value, mask }: Condition, argument: bigint): boolean {
  return COMPARE[op](argument & mask, value);
}

const COMPARE: Readonly<Record<Operator, (argument: bigint, value: bigint) => boolean>> = {
  SCMP_CMP_EQ: (argument, value) => argument === value,
  SCMP_CMP_NE: (argument, value) => argument !== value,
  SCMP_CMP_LT: (argument, value) => argument < value,
  SCMP_CMP_LE: (argument, value) => argument <= value,
  SCMP_CMP_GT: (argument, value) => argument > value,
  SCMP_CMP_GE: (argument, value) => argument >= value,
  SCMP_CMP_MASKED_EQ: (argument, value) => argument === value,
};

function emitLookup(assembler: Assembler, { index, ranges, above }: Lookup, width: Width): Target {
  const tree = emitRanges(assembler, ranges, (value) => ({ value }));
  assembler.fallInto(tree);
  const lower = emitLowWord(assembler, index);
  if (width === 32) return lower;
  assembler.compare('JEQ', 0, lower, { value: above });
  return emitHighWord(assembler, index);
}
