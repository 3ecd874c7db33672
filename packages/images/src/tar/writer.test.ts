import { buffer } from 'node:stream/consumers';

import { extract, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';

import type { TarEntry } from './entry.js';
import { TarReader } from './reader.js';
import { TAR_END, tarHeader, tarPadding, type WrittenEntry } from './writer.js';

const file: WrittenEntry = {
  name: 'dir/ü',
  type: 'file',
  mode: 0o4755,
  sizeBytes: 7,
  modifySeconds: 1_700_000_000,
};

async function readByTarStream(bytes: Buffer): Promise<{ header: Header; content: string }[]> {
  const reader = extract();
  reader.end(bytes);
  const found: { header: Header; content: string }[] = [];
  for await (const entry of reader)
    found.push({ header: entry.header, content: (await buffer(entry)).toString() });
  return found;
}

describe('tarHeader', () => {
  test('is read by tar-stream', async () => {
    const directory: WrittenEntry = {
      name: 'dir/',
      type: 'directory',
      mode: 0o755,
      sizeBytes: 0,
      modifySeconds: 0,
    };
    const content = Buffer.from('content');
    const bytes = Buffer.concat([tarHeader(directory), tarHeader(file), content, tarPadding(7), TAR_END]);
    expect(await readByTarStream(bytes)).toMatchObject([
      { header: { name: 'dir/', type: 'directory', mode: 0o755, mtime: new Date(0) }, content: '' },
      {
        header: {
          name: 'dir/ü',
          type: 'file',
          mode: 0o4755,
          size: 7,
          uid: 0,
          mtime: new Date(1_700_000_000_000),
        },
        content: 'content',
      },
    ]);
  });

  test('holds sizes beyond 8 GiB', () => {
    const entries: TarEntry[] = [];
    const ignore = (): void => undefined;
    const reader = new TarReader({ entry: (entry) => void entries.push(entry), data: ignore, end: ignore });
    reader.push(tarHeader({ ...file, sizeBytes: 2 ** 40 + 1 }));
    expect(entries[0]?.sizeBytes).toBe(2 ** 40 + 1);
  });

  test('fills blocks, and none that is full', () => {
    expect([0, 1, 511, 512, 513].map((size) => tarPadding(size).length)).toEqual([0, 511, 1, 0, 511]);
  });

  test('refuses a name that does not fit', () => {
    expect(tarHeader({ ...file, name: 'x'.repeat(100) }).length).toBe(512);
    expect(() => tarHeader({ ...file, name: 'ü'.repeat(51) })).toThrow('is longer than 100 bytes');
  });
});
