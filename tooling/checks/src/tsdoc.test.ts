import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packages, ROOT } from './tree.ts';
import { undocumented } from './tsdoc.ts';

const entries = packages('packages').flatMap(({ folder, manifest }) =>
  Object.values(manifest.exports ?? {}).flatMap((target) => {
    const source = (target as Record<string, string>)['@ns/source'];
    return source === undefined ? [] : [join(folder, source)];
  }),
);

describe('every public symbol is documented', () => {
  it.each(entries)('%s', (entry) => {
    const bare = undocumented(join(ROOT, entry)).map((line) => line.replace(`${ROOT}/`, ''));
    expect(bare).toEqual([]);
  });
});

describe('the check itself', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-tsdoc-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const check = (sources: Record<string, string>): string[] => {
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(folder, name), text);
    return undocumented(join(folder, 'index.ts')).map((line) => line.replace(`${folder}/`, ''));
  };

  it('follows names and stars to where they are declared', () => {
    expect(
      check({
        'index.ts':
          "export * from './a.js';\nexport { b as c, type D } from './b.js';\nexport { x } from 'elsewhere';",
        'a.ts': '/** Said. */\nexport const said = 1;\n\nexport function bare(): void {}\nconst inner = 1;',
        'b.ts': 'const b = 1;\nexport interface D {}\nexport const unused = 1;\nexport { b };',
      }),
    ).toEqual(['a.ts: bare', 'b.ts: D', 'b.ts: b']);
  });

  it('asks for public methods, and for one comment per overload set', () => {
    expect(
      check({
        'index.ts': [
          '/** A. */\nexport class A extends B {\n  constructor() { super(); }\n  bare(): void {}\n  #own(): void {}',
          '  private mine(): void {}\n  override theirs(): void {}\n  /** Said. */\n  said(a: 1): void;\n  said(a: 2): void;',
          '  said(a: number): void {}\n}\n/** F. */\nexport function f(a: 1): void;\nexport function f(a: number): void {}',
        ].join('\n'),
      }),
    ).toEqual(['index.ts: A.bare']);
  });

  it('does not take a comment that stands apart for a doc comment', () => {
    expect(check({ 'index.ts': '// no\nexport const a = 1;\n/* no */\nexport const b = 1;' })).toEqual([
      'index.ts: a',
      'index.ts: b',
    ]);
  });
});
