import { displayWidth } from './width.js';

/** How columns are set. */
export interface TableLayout {
  /** The least width of a column, with the space after it. */
  readonly minWidth: number;
  /** Space after the widest cell. */
  readonly padding: number;
}

/** Docker's lists. */
export const LIST: TableLayout = { minWidth: 10, padding: 3 };

/** Rows of cells as lines: every column but the last is padded to its widest cell. */
export function table(rows: readonly (readonly string[])[], layout: TableLayout = LIST): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.slice(0, -1).entries()) {
      widths[i] = Math.max(widths[i] ?? layout.minWidth, displayWidth(cell) + layout.padding);
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - displayWidth(cell)),
        )
        .join(''),
    )
    .join('\n');
}
