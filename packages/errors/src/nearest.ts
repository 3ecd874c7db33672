/**
 * The word that was probably meant, when one is near enough: for a hint.
 *
 * @param words - Those that there are. Of two that are as near, the first.
 */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong.
  let limit = Math.max(1, Math.floor(word.length / 3));
  for (const candidate of words) {
    const away = distance(word, candidate);
    if (away > limit || (away === limit && best !== undefined)) continue;
    best = candidate;
    limit = away;
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        cell(i - 1, j) + 1,
        (row[j - 1] ?? Infinity) + 1,
        cell(i - 1, j - 1) + change,
        swapped ? cell(i - 2, j - 2) + 1 : Infinity,
      );
    }
  }
  return cell(a.length, b.length);
}
