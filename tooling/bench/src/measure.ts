import { setTimeout as sleep } from 'node:timers/promises';

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** Do it once, and give what it took, in the unit of its group. */
  readonly run: () => number | Promise<number>;
  /** Instead of `run`: why it cannot be measured here. */
  readonly missing?: undefined;
}

/** A subject that this machine lacks. */
export interface MissingSubject {
  readonly name: string;
  readonly missing: string;
}

/** What came of measuring a subject. */
export interface Row {
  readonly name: string;
  /** Why there are no figures. */
  readonly missing?: string;
  readonly samples: readonly number[];
}

export interface Rounds {
  readonly rounds: number;
  /** Rounds before those, which are not counted. */
  readonly warmups: number;
  /** Before each subject. Default 20. */
  readonly restMs?: number;
}

/**
 * Run all subjects once per round, so that whatever else the machine does meets all of them alike.
 *
 * Each round has an order of its own, so that nobody always comes after the same one; and before each the machine is let
 * come to rest, so that nobody pays for what the kernel still takes down of the one before. A subject that fails is left
 * out from then on, and its row says why.
 */
export async function interleave(
  subjects: readonly (Subject | MissingSubject)[],
  { rounds, warmups, restMs = 20 }: Rounds,
): Promise<Row[]> {
  const samples = new Map(subjects.map((subject) => [subject, [] as number[]]));
  const broken = new Map<Subject | MissingSubject, string>();
  for (let round = -warmups; round < rounds; round += 1) {
    for (const subject of shuffled(subjects)) {
      if (subject.missing !== undefined || broken.has(subject)) continue;
      await sleep(restMs);
      try {
        const sample = await subject.run();
        if (round >= 0) samples.get(subject)?.push(sample);
      } catch (error) {
        broken.set(subject, error instanceof Error ? error.message : String(error));
      }
    }
  }
  return subjects.map((subject) => {
    const missing = subject.missing ?? broken.get(subject);
    return {
      name: subject.name,
      samples: samples.get(subject) ?? [],
      ...(missing === undefined ? {} : { missing }),
    };
  });
}

/** In some order. See Fisher and Yates. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/** The middle value, or the mean of the two middle ones. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Milliseconds since `start`, a value of `process.hrtime.bigint()`. */
export const since = (start: bigint): number => Number(process.hrtime.bigint() - start) / 1e6;
