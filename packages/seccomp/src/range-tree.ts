import type { Assembler, Target } from './assembler.js';

/** Consecutive numbers with one outcome. Ends where the next one starts. */
export interface Range<Outcome> {
  /** The first number, unsigned 32 bits. */
  readonly start: number;
  readonly outcome: Outcome;
  /** How often numbers of it are looked for, relative to other ranges. */
  readonly weight: number;
}

/** Joins neighbours that have the same outcome, so that no comparison is spent on telling them apart. */
export function mergeRanges<Outcome>(ranges: readonly Range<Outcome>[]): Range<Outcome>[] {
  const merged: { start: number; outcome: Outcome; weight: number }[] = [];
  for (const { start, outcome, weight } of ranges) {
    const last = merged.at(-1);
    if (last === undefined || last.outcome !== outcome) merged.push({ start, outcome, weight });
    else last.weight += weight;
  }
  return merged;
}

/**
 * Puts in front a search tree over ranges of the accumulator.
 *
 * A tree is cut where the weights of both sides are most equal, so a range is found in about log2(total / its weight)
 * comparisons.
 *
 * @param ranges - In order; the first starts at 0. Neighbours with different outcomes.
 * @param leaf - The target of an outcome; may put code in front.
 */
export function emitRanges<Outcome>(
  assembler: Assembler,
  ranges: readonly Range<Outcome>[],
  leaf: (outcome: Outcome) => Target,
): Target {
  const sums = [0];
  for (const { weight } of ranges) sums.push(sums.at(-1)! + weight);

  const emit = (from: number, to: number): Target => {
    const first = ranges[from]!;
    if (to - from === 1) return leaf(first.outcome);
    const single = between(ranges, from, to);
    if (single !== undefined) {
      const others = leaf(first.outcome);
      return assembler.compare('JEQ', single.start, leaf(single.outcome), others);
    }
    const cut = bestCut(sums, from, to);
    const right = emit(cut, to);
    const left = emit(from, cut);
    return assembler.compare('JGE', ranges[cut]!.start, right, left);
  };
  return emit(0, ranges.length);
}

/** One number between two ranges of the same outcome: a single comparison finds it. */
function between<Outcome>(
  ranges: readonly Range<Outcome>[],
  from: number,
  to: number,
): Range<Outcome> | undefined {
  if (to - from !== 3) return undefined;
  const [before, middle, after] = [ranges[from]!, ranges[from + 1]!, ranges[from + 2]!];
  return before.outcome === after.outcome && after.start === middle.start + 1 ? middle : undefined;
}

/** Where the ranges `from` to `to` are cut in two. */
function bestCut(sums: readonly number[], from: number, to: number): number {
  const imbalance = (cut: number): number => Math.abs(2 * sums[cut]! - sums[from]! - sums[to]!);
  let cut = from + 1;
  while (cut + 1 < to && imbalance(cut + 1) < imbalance(cut)) cut++;
  return cut;
}
