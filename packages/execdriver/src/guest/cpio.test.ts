import { describe, expect, it } from 'vitest';

import { cpio } from './cpio.js';

const HEADER = 110;

/** Header fields, name and content of each record, by the lengths that the headers state. */
function records(archive: Buffer): { name: string; mode: string; device: string; content: string }[] {
  const all = [];
  for (let at = 0; at < archive.length;) {
    const field = (index: number): string =>
      archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8);
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const nameLength = Number.parseInt(field(11), 16);
    const size = Number.parseInt(field(6), 16);
    const name = archive.toString('utf8', at + HEADER, at + HEADER + nameLength - 1);
    const body = Math.ceil((at + HEADER + nameLength) / 4) * 4;
    const content = archive.toString('utf8', body, body + size);
    all.push({ name, mode: field(1), device: `${field(9)}:${field(10)}`, content });
    at = Math.ceil((body + size) / 4) * 4;
  }
  return all;
}

describe('an archive for the kernel', () => {
  it('has the directories that its entries need, once, before them', () => {
    const archive = cpio([
      { path: 'a/b/c', mode: 0o100755, content: Buffer.from('five!') },
      { path: 'a/b/d', mode: 0o100644 },
    ]);
    expect(records(archive).map(({ name, content }) => [name, content])).toEqual([
      ['a', ''],
      ['a/b', ''],
      ['a/b/c', 'five!'],
      ['a/b/d', ''],
      ['TRAILER!!!', ''],
    ]);
  });

  it('holds devices', () => {
    expect(records(cpio([{ path: 'console', mode: 0o020600, device: [5, 1] }]))[0]).toMatchObject({
      mode: '00002180',
      device: '00000005:00000001',
    });
  });
});
