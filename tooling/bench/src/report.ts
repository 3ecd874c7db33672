import { median, type Row } from './measure.ts';

/** A table of subjects measured together. */
export interface Group {
  readonly title: string;
  readonly unit: string;
  /** Names of rows that the others are compared with. */
  readonly references: readonly string[];
  readonly rows: readonly Row[];
  /** What a reader must know to compare. */
  readonly note?: string;
}

/** The figures of one row. */
export interface Figures {
  readonly name: string;
  readonly missing?: string;
  readonly median?: number;
  readonly min?: number;
  readonly max?: number;
  readonly samples: number;
  /** By reference: this median divided by that one. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** Medians, and their ratios to the references that were measured. */
export function figures(group: Group): Figures[] {
  const medians = new Map(group.rows.map((row) => [row.name, median(row.samples)]));
  return group.rows.map(({ name, samples, missing }) => {
    if (missing !== undefined || samples.length === 0) {
      return { name, missing: missing ?? 'not measured', samples: 0, ratios: {} };
    }
    const own = median(samples);
    const ratios = Object.fromEntries(
      group.references
        .map((reference) => [reference, own / (medians.get(reference) ?? Number.NaN)] as const)
        .filter(([, ratio]) => Number.isFinite(ratio)),
    );
    return {
      name,
      median: own,
      min: Math.min(...samples),
      max: Math.max(...samples),
      samples: samples.length,
      ratios,
    };
  });
}

/** A number with three significant digits or so, as people compare them. */
export function short(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** The group as lines of text. */
export function table(group: Group): string {
  const all = figures(group);
  const head = [group.unit, 'median', 'min', 'max', 'n', ...group.references.map((name) => `÷ ${name}`)];
  const body = all.map((row) => [
    row.name,
    ...(row.missing === undefined
      ? [row.median, row.min, row.max].map((value) => short(value ?? 0))
      : ['-', '-', '-']),
    row.missing === undefined ? String(row.samples) : '-',
    ...group.references.map((name) => {
      const ratio = row.ratios[name];
      return ratio === undefined ? '-' : ratio.toFixed(2);
    }),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const missing = all
    .filter((row) => row.missing !== undefined)
    .map((row) => `  ${row.name}: ${row.missing}`);
  return [
    group.title,
    ...(group.note === undefined ? [] : [`(${group.note})`]),
    '',
    line(head),
    ...body.map(line),
    ...(missing.length > 0 ? ['', 'not measured:', ...missing] : []),
  ].join('\n');
}
