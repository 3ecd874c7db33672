import { flagName, type Flags } from './flag.js';

/** The columns that help is wrapped to. */
const WIDTH = 80;

/** Flags with what they do, aligned and wrapped. */
export function flagHelp(flags: Flags): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .map(([key, flag]): [string, string] => {
      const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
      return [`  ${short}--${flagName(key)}${flag.value === undefined ? '' : ` ${flag.value}`}`, flag.help];
    })
    .toSorted(([a], [b]) => (a.slice(6) < b.slice(6) ? -1 : 1));
  return twoColumns(rows);
}

/**
 * Rows of a word and its meaning.
 *
 * @param left - The column that meanings begin in; by default as the longest word wants it.
 */
export function twoColumns(
  rows: readonly (readonly [string, string])[],
  left: number = columnFor(rows),
): string {
  return rows
    .map(([word, meaning]) => {
      const lines = wrap(meaning, Math.max(20, WIDTH - left));
      return lines.map((line, i) => `${(i === 0 ? word : '').padEnd(left)}${line}`.trimEnd()).join('\n');
    })
    .join('\n');
}

/** The column that meanings can begin in. */
export function columnFor(rows: readonly (readonly [string, string])[]): number {
  return Math.max(...rows.map(([word]) => word.length)) + 3;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
