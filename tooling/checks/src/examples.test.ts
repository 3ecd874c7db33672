import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { needs, REQUIREMENTS, type RequirementName } from '@ns/testing';
import { describe, expect, it } from 'vitest';

import { codeBlocks, essence, needsOf } from './examples.ts';
import { exists, files, packages, read, ROOT } from './tree.ts';

const examples = files('packages/*/examples/*.ts').map((path) => ({ path, text: read(path) }));
const folders = packages('packages').map(({ folder }) => folder);

describe('examples', () => {
  it.each(folders)('%s has some', (folder) => {
    expect(examples.filter(({ path }) => path.startsWith(`${folder}/`)).length).toBeGreaterThan(0);
  });

  it('are at most 40 lines each', () => {
    const long = examples.filter(({ text }) => text.trimEnd().split('\n').length > 40);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('name their needs by words that needs() knows', () => {
    const words = examples.flatMap(({ text }) => needsOf(text));
    expect(words.filter((word) => !Object.hasOwn(REQUIREMENTS, word))).toEqual([]);
  });

  for (const { path, text } of examples) {
    it(`${path} runs`, needs('linux', ...(needsOf(text) as RequirementName[])), () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, path)], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(`${stderr}${status}`).toBe('0');
      expect(stdout.trim()).not.toBe('');
    });
  }
});

describe('READMEs', () => {
  it.each(folders)('%s shows an example that is run, and no program that is not', (folder) => {
    const own = examples.filter(({ path }) => path.startsWith(`${folder}/`)).map(({ text }) => essence(text));
    const blocks = codeBlocks(exists(`${folder}/README.md`) ? read(`${folder}/README.md`) : '').map(essence);
    expect(blocks.filter((block) => own.includes(block)).length).toBeGreaterThan(0);
    expect(blocks.filter((block) => /^import .* from '@ns\//m.test(block) && !own.includes(block))).toEqual(
      [],
    );
  });
});

describe('the README of the repository', () => {
  it('shows only programs that are run', () => {
    const known = new Set(examples.map(({ text }) => essence(text)));
    const blocks = codeBlocks(read('README.md')).map(essence);
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.filter((block) => !known.has(block))).toEqual([]);
  });
});

describe('the reading of Markdown', () => {
  it('finds ts blocks only', () => {
    expect(codeBlocks('a\n```ts\nb;\n```\n```sh\nc\n```\n```typescript\nd;\n```\n')).toEqual([
      'b;\n',
      'd;\n',
    ]);
  });

  it('reads needs', () => {
    expect(needsOf('// needs: root, busybox\nimport x;')).toEqual(['root', 'busybox']);
    expect(needsOf('import x;')).toEqual([]);
    expect(essence('// needs: root\nimport x;\n')).toBe('import x;');
  });
});
