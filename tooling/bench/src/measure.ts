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
}

/**
 * Run all subjects once per round, so that whatever else the machine does meets all of them alike.
 *
 * The order shifts by one each round: nobody always comes after the same one. A subject that fails is left out from
 * then on, and its row says why.
 */
export async function interleave(
  subjects: readonly (Subject | MissingSubject)[],
  { rounds, warmups }: Rounds,
): Promise<Row[]> {
  const samples = new Map(subjects.map((subject) => [subject, [] as number[]]));
  const broken = new Map<Subject | MissingSubject, string>();
  for (let round = -warmups; round < rounds; round += 1) {
    const shift = (round + warmups) % Math.max(1, subjects.length);
    for (const subject of [...subjects.slice(shift), ...subjects.slice(0, shift)]) {
      if (subject.missing !== undefined || broken.has(subject)) continue;
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

/** The middle value, or the mean of the two middle ones. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Milliseconds since `start`, a value of `process.hrtime.bigint()`. */
export const since = (start: bigint): number => Number(process.hrtime.bigint() - start) / 1e6;
