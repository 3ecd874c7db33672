import { describe, expect, it } from 'vitest';

import { exists, files, read } from './tree.ts';

const CVE = /CVE-\d{4}-\d+/g;
/** As many as there are lessons. */
const LAST = 34;

const [covered = '', open = ''] = read('docs/known-bugs.md').split(/^## Not applicable yet$/m);
const rows = (part: string): string[] =>
  part.match(/^\|.*\|$/gm)?.filter((row) => !/^\| +#|^\| *-/.test(row)) ?? [];
const numbers = (part: string): number[] =>
  rows(part).flatMap((row) => /^\| (\d+) /.exec(row)?.slice(1).map(Number) ?? []);
const ids = (text: string): string[] => [...new Set(text.match(CVE))].toSorted();

/** Each `[words](../file.ts): “title”, “title”` of a row. */
const shown = (row: string): { readonly path: string; readonly titles: readonly string[] }[] =>
  [...row.matchAll(/\]\(\.\.\/([^)]+\.ts)\)(?:: ((?:“[^”]+”(?:, )?)+))?/g)].map(
    ([, path = '', titles = '']) => ({
      path,
      titles: [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title),
    }),
  );

describe('docs/known-bugs.md', () => {
  it('has every lesson, each once among those that we have learnt', () => {
    const learnt = numbers(covered);
    expect(new Set(learnt).size).toBe(learnt.length);
    const all = new Set([...learnt, ...numbers(open)]);
    expect([...all].toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: LAST }, (_, index) => index + 1),
    );
  });

  it.each(rows(covered).map((row) => [row.slice(0, 60).trim(), row] as const))(
    'names tests that exist: %s',
    (_, row) => {
      const tests = shown(row);
      expect(tests).not.toEqual([]);
      for (const { path, titles } of tests) {
        expect(path).toMatch(/\.test\.ts$|\/conformance\/cases\//);
        expect(exists(path) ? titles.filter((title) => !read(path).includes(title)) : `no ${path}`).toEqual(
          [],
        );
        expect(titles, path).not.toEqual([]);
      }
    },
  );

  it('has the CVEs that are in tests, and no other without a reason', () => {
    const tests = files('packages/**', 'apps/**').filter(
      (path) => path.endsWith('.test.ts') || path.includes('/conformance/cases/'),
    );
    expect(ids(covered)).toEqual(ids(tests.map((path) => read(path)).join('\n')));
  });
});
