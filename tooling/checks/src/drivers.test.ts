import { describe, expect, it } from 'vitest';

import { columns, essenceOf, table, withTable } from './drivers.ts';
import { codeBlocks } from './examples.ts';
import { files, packages, read } from './tree.ts';

const document = read('docs/drivers.md');
const unindented = (text: string): string => text.replaceAll(/^ +/gm, '').trim();

describe('docs/drivers.md', () => {
  it('has the table of what the drivers declare: write it with ./dev docs', async () => {
    expect(essenceOf(document)).toBe(essenceOf(withTable(document, table(await columns()))));
  });

  it('names every driver', () => {
    const folders = packages('packages').map(({ folder }) => folder);
    const drivers = folders.filter((folder) => folder.startsWith('packages/driver-'));
    expect(drivers.filter((folder) => !document.includes(`(../${folder}/README.md)`))).toEqual([]);
  });

  it('shows only code of the example that is tested', () => {
    const sources = files('examples/driver-unshare/src/*.ts', 'examples/driver-unshare/test/*.ts').map(
      (path) => unindented(read(path)),
    );
    const blocks = codeBlocks(document).map(unindented);
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.filter((block) => !sources.some((source) => source.includes(block)))).toEqual([]);
  });
});

describe('the table', () => {
  it('has a row for each ability, and for each kind of what is a list', async () => {
    const [native] = await columns();
    const lines = table([native!]).split('\n');
    expect(lines[0]).toBe('[native](../packages/execdriver/README.md).');
    expect(lines[2]).toBe('|  | native |');
    expect(lines).toContain('| namespace `time` | yes |');
    expect(lines).toContain('| a kernel of its own | – |');
    expect(lines).toContain('| `pause` | yes |');
  });
});
