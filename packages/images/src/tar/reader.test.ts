import { buffer } from 'node:stream/consumers';

import * as fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';

import { archive, checksummed, END, entry, header, padded, type RawEntry } from '../../test/archives.js';
import { toText } from '../byte-string.js';
import type { TarEntry } from './entry.js';
import { TarReader } from './reader.js';

interface Read extends TarEntry {
  readonly content: Buffer;
}

/** Reads an archive that comes in pieces of a size. */
function read(bytes: Buffer, options: { readonly size?: number; readonly endMark?: boolean } = {}): Read[] {
  const { size = bytes.length, endMark = true } = options;
  const entries: Read[] = [];
  let current: TarEntry | undefined;
  let chunks: Buffer[] = [];
  const reader = new TarReader({
    entry: (one) => {
      current = one;
      chunks = [];
    },
    data: (chunk) => void chunks.push(Buffer.from(chunk)),
    end: () => {
      if (current !== undefined) entries.push({ ...current, content: Buffer.concat(chunks) });
    },
  });
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.finish({ endMark });
  return entries;
}

function outcomeOf(bytes: Buffer): string {
  try {
    read(bytes);
    return 'read';
  } catch (error) {
    return String(error);
  }
}

const one = (raw: RawEntry): Read => {
  const [first] = read(archive(raw));
  if (first === undefined) throw new Error('the archive has no entry');
  return first;
};

describe('entries', () => {
  test('of each type have what their header says', () => {
    const entries = read(
      archive(
        { name: 'dir/', type: '5', mode: 0o1777, uid: 3, gid: 4, mtime: 1_000_000_000 },
        { name: 'dir/file', data: 'content', mode: 0o4755 },
        { name: 'hard', type: '1', linkName: 'dir/file' },
        { name: 'soft', type: '2', linkName: '/dir/../x' },
        { name: 'null', type: '3', device: [1, 3] },
        { name: 'disk', type: '4', device: [8, 65_536] },
        { name: 'pipe', type: '6' },
        { name: 'contiguous', type: '7', data: 'x' },
      ),
    );
    expect(entries.map(({ type, name }) => [type, name])).toEqual([
      ['directory', 'dir/'],
      ['file', 'dir/file'],
      ['hardlink', 'hard'],
      ['symlink', 'soft'],
      ['character', 'null'],
      ['block', 'disk'],
      ['fifo', 'pipe'],
      ['file', 'contiguous'],
    ]);
    expect(entries[0]).toMatchObject({
      mode: 0o1777,
      uid: 3,
      gid: 4,
      modifyTime: { seconds: 1_000_000_000, nanoseconds: 0 },
    });
    expect(entries[1]).toMatchObject({ mode: 0o4755, sizeBytes: 7, content: Buffer.from('content') });
    expect(entries[3]?.linkName).toBe('/dir/../x');
    expect(entries[5]).toMatchObject({ majorNumber: 8, minorNumber: 65_536 });
  });

  test('that only files have data, whatever the header of others says', () => {
    const entries = read(archive({ name: 'dir', type: '5', size: 4096 }, { name: 'f', data: 'x' }));
    expect(entries.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['dir', 0],
      ['f', 1],
    ]);
  });

  test('of the oldest format: a slash makes a directory', () => {
    expect(one({ name: 'old/', type: '\0', format: 'v7' }).type).toBe('directory');
    expect(one({ name: 'old', type: '\0', format: 'v7', data: 'x' }).type).toBe('file');
  });

  test('keep names that are no UTF-8', () => {
    const name = Buffer.from([0x66, 0xe9, 0xff]);
    expect(one({ name }).name).toBe('fé\u00ff');
    expect(Buffer.from(one({ name }).name, 'latin1')).toEqual(name);
  });

  test('have a prefix in POSIX format, and none in GNU format', () => {
    expect(one({ name: 'file', prefix: 'a/b' }).name).toBe('a/b/file');
    expect(one({ name: 'file', prefix: 'a/b', format: 'gnu' }).name).toBe('file');
  });

  test('have numbers in base 256, negative ones too', () => {
    const big = one({
      name: 'f',
      edit: (block) => {
        Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]).copy(block, 108);
        Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]).copy(
          block,
          136,
        );
      },
    });
    expect(big.uid).toBe(0x7fff_ffff);
    expect(big.modifyTime).toEqual({ seconds: -2, nanoseconds: 0 });
  });

  test('have numbers amid spaces, and empty ones', () => {
    const odd = one({ name: 'f', edit: (block) => void block.write(' 755 \0\0\0', 100) });
    expect(odd.mode).toBe(0o755);
    expect(one({ name: 'f', edit: (block) => void block.fill(0, 100, 108) }).mode).toBe(0);
  });
});

describe('extended headers', () => {
  test('replace names, owners, size and time', () => {
    const long = 'd/'.repeat(200) + 'ü';
    const file = one({
      name: 'short',
      data: 'twelve bytes',
      size: 0,
      pax: {
        path: long,
        uid: '3000000',
        gid: '3000001',
        size: '12',
        mtime: '1350244992.023960108',
        comment: 'x',
      },
    });
    expect(toText(file.name)).toBe(long);
    expect(file).toMatchObject({
      uid: 3_000_000,
      gid: 3_000_001,
      content: Buffer.from('twelve bytes'),
      modifyTime: { seconds: 1_350_244_992, nanoseconds: 23_960_108 },
    });
    expect(toText(one({ name: 'l', type: '2', linkName: 'x', pax: { linkpath: long } }).linkName)).toBe(long);
  });

  test.each([
    ['-1.5', { seconds: -2, nanoseconds: 500_000_000 }],
    ['-3', { seconds: -3, nanoseconds: 0 }],
    ['0.0000000019', { seconds: 0, nanoseconds: 1 }],
    ['7.', { seconds: 7, nanoseconds: 0 }],
  ])('time %s', (mtime, expected) => {
    expect(one({ name: 'f', pax: { mtime } }).modifyTime).toEqual(expected);
  });

  test('hold for one entry only', () => {
    const [first, second] = read(archive({ name: 'a', pax: { uid: '7' } }, { name: 'b' }));
    expect([first?.uid, second?.uid]).toEqual([7, 0]);
  });

  test('have binary values of extended attributes', () => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    const odd = Buffer.from([0x00, 0x0a, 0x3d, 0x80, 0xff]);
    const file = one({
      name: 'ping',
      pax: { 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.odd=name': odd },
    });
    expect(file.xattrs.get('security.capability')).toEqual(capability);
    // A keyword ends at its first "=".
    expect(file.xattrs.get('user.odd')).toEqual(Buffer.concat([Buffer.from('name='), odd]));
  });

  test('of the whole archive are ignored, as Docker ignores them', () => {
    const global = Buffer.from('13 uid=12345\n');
    const bytes = archive(header({ name: 'g', type: 'g', data: global }), padded(global), { name: 'f' });
    expect(read(bytes).map(({ uid }) => uid)).toEqual([0]);
  });

  test('long names of GNU tar', () => {
    const name = Buffer.from(`${'n'.repeat(300)}\0`);
    const link = Buffer.from(`${'t'.repeat(300)}\0`);
    const [file] = read(
      archive(
        header({ name: '././@LongLink', type: 'L', data: name, format: 'gnu' }),
        padded(name),
        header({ name: '././@LongLink', type: 'K', data: link, format: 'gnu' }),
        padded(link),
        { name: 'cut', type: '2', linkName: 'cut', format: 'gnu' },
      ),
    );
    expect(file).toMatchObject({ name: 'n'.repeat(300), linkName: 't'.repeat(300) });
  });

  test.each([
    ['no length', 'x=y\n'],
    ['a length beyond the end', '99 a=b\n'],
    ['a length of nothing', '2 a=b\n'],
    ['no newline', '6 a=bc'],
    ['no keyword', '5 =b\n'],
    ['no equals sign', '5 ab\n'],
    ['a negative size', '10 size=-1\n'.replace('10', '11')],
    ['a size that is no number', '12 size=0x1\n'],
    ['a size out of range', '29 size=99999999999999999999\n'],
    ['a time that is none', '15 mtime=later\n'],
    ['a NUL in a path', '11 path=a\0b'.concat('\n').replace('11', '12')],
  ])('with %s are refused', (_, records) => {
    const data = Buffer.from(records);
    expect(() => read(archive(header({ name: 'x', type: 'x', data }), padded(data), { name: 'f' }))).toThrow(
      /^tar: /,
    );
  });

  test('that are larger than 1 MiB are refused before they are read', () => {
    const bytes = header({ name: 'x', type: 'x', size: 1024 * 1024 + 1 });
    expect(() => read(bytes)).toThrow(
      'tar: an extended header of 1048577 bytes, where at most 1048576 are read',
    );
  });
});

describe('sparse files', () => {
  const expected = [
    { offset: 512, lengthBytes: 3 },
    { offset: 4096, lengthBytes: 2 },
  ];

  test('in the oldest format, with the map going on in blocks of its own', () => {
    const number = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`;
    const segments = Array.from({ length: 30 }, (_, at) => [at * 1024, 1] as const);
    const map = (from: number, count: number): string =>
      segments
        .slice(from, from + count)
        .map(([offset, length]) => number(offset) + number(length))
        .join('');
    const extension = Buffer.alloc(512);
    extension.write(map(4, 21));
    extension[504] = 1;
    const last = Buffer.alloc(512);
    last.write(map(25, 5));
    const head = header({
      name: 'sparse',
      type: 'S',
      size: 30,
      format: 'gnu',
      edit: (block) => {
        block.write(map(0, 4), 386);
        block[482] = 1;
        block.write(number(40_000), 483);
      },
    });
    const [file] = read(archive(head, extension, last, padded('x'.repeat(30))), { size: 700 });
    expect(file).toMatchObject({ type: 'file', dataBytes: 30, sizeBytes: 40_000 });
    expect(file?.sparse).toEqual(segments.map(([offset, lengthBytes]) => ({ offset, lengthBytes })));
    expect(file?.content.toString()).toBe('x'.repeat(30));
  });

  test.each<[string, RawEntry['pax']]>([
    [
      '0.0',
      [
        ['GNU.sparse.size', '8192'],
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.offset', '512'],
        ['GNU.sparse.numbytes', '3'],
        ['GNU.sparse.offset', '4096'],
        ['GNU.sparse.numbytes', '2'],
      ],
    ],
    ['0.1', { 'GNU.sparse.size': '8192', 'GNU.sparse.map': '512,3,4096,2', 'GNU.sparse.name': 'real' }],
  ])('in format %s', (_, pax) => {
    const file = one({ name: 'real', data: 'abcde', ...(pax === undefined ? {} : { pax }) });
    expect(file).toMatchObject({ name: 'real', sizeBytes: 8192, dataBytes: 5, sparse: expected });
    expect(file.content.toString()).toBe('abcde');
  });

  test('in format 1.0, whatever the pieces it comes in', () => {
    const map = padded('2\n512\n3\n4096\n2\n');
    const bytes = archive({
      name: 'GNUSparseFile.1/real',
      data: Buffer.concat([map, Buffer.from('abcde')]),
      pax: {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'dir/real',
        'GNU.sparse.realsize': '8192',
      },
    });
    for (const size of [1, 511, 512, 513, bytes.length]) {
      const [file] = read(bytes, { size });
      expect(file).toMatchObject({ name: 'dir/real', sizeBytes: 8192, dataBytes: 5, sparse: expected });
      expect(file?.content.toString()).toBe('abcde');
    }
  });

  test.each([
    ['overlap', '0,3,2,2', 8192],
    ['run backwards', '4096,3,512,2', 8192],
    ['exceed the file', '0,3,8191,2', 8192],
    ['do not add up to the data', '0,3,512,1', 8192],
    ['end within a pair', '0,3,512', 8192],
    ['are no numbers', '0,3,x,2', 8192],
  ])('whose segments %s are refused', (_, map, size) => {
    const pax = { 'GNU.sparse.size': String(size), 'GNU.sparse.map': map };
    expect(() => one({ name: 'f', data: 'abcde', pax })).toThrow(/^tar: a sparse (map|file)/);
  });

  test('whose map has more than it says, or does not end, are refused', () => {
    const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' };
    expect(() => one({ name: 'f', data: padded('2000000\n0\n'), pax })).toThrow(
      'a sparse map of 2000000 segments',
    );
    expect(() => one({ name: 'f', data: padded('4\n0\n'), pax })).toThrow('does not end within its file');
  });

  test('in a format of the future are refused', () => {
    const pax = { 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' };
    expect(() => one({ name: 'f', pax })).toThrow('tar: sparse files in format 2.0 are not known');
  });
});

describe('what is no archive, or not all of one', () => {
  const whole = archive({ name: 'a', data: 'x'.repeat(600) }, { name: 'b', pax: { uid: '1' } });

  test('is refused where it was cut off', () => {
    const boundaries = new Set([512 + 1024, whole.length - 512, whole.length - 1024]);
    for (let end = 1; end < whole.length; end += 100) {
      if (boundaries.has(end)) continue;
      expect(() => read(whole.subarray(0, end)), `cut at ${end}`).toThrow(/^tar: the archive ends/);
    }
  });

  test('is refused without the blocks that end it, unless a digest vouches for it', () => {
    const cut = whole.subarray(0, 512 + 1024);
    expect(() => read(cut)).toThrow('tar: the archive ends without the blocks of zeros that end one');
    expect(read(cut, { endMark: false }).map(({ name }) => name)).toEqual(['a']);
    expect(read(Buffer.alloc(0), { endMark: false })).toEqual([]);
  });

  test('is ended by two blocks of zeros: what follows is ignored', () => {
    expect(read(Buffer.concat([whole, Buffer.from('rubbish')])).length).toBe(2);
    expect(() => read(Buffer.concat([END.subarray(0, 512), entry({ name: 'x' })]))).toThrow(
      'something follows a block of zeros',
    );
  });

  test.each([
    ['a wrong checksum', Buffer.concat([header({ name: 'a' }).fill('b', 0, 1), END])],
    ['text', Buffer.alloc(1024, 'no archive ')],
    ['an unknown type', archive({ name: 'a', type: 'Z' })],
    ['a volume of several', archive({ name: 'a', type: 'M' })],
    ['a number that is none', archive({ name: 'a', edit: (block) => void block.write('9999', 100) })],
    ['a negative size', archive({ name: 'a', edit: (block) => void block.fill(0xff, 124, 136) })],
    ['a size out of range', archive({ name: 'a', edit: (block) => void block.fill(0x81, 124, 136) })],
    ['an owner out of range', archive({ name: 'a', pax: { uid: '4294967295' } })],
  ])('is refused: %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(/^tar: /);
  });

  test('has its checksum compared as signed bytes too', () => {
    const block = header({ name: Buffer.from([0xe9]) });
    const signed = block.reduce(
      (sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte < 128 ? byte : byte - 256),
      0,
    );
    block.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(read(archive(block)).length).toBe(1);
    expect(checksummed(block)).not.toEqual(header({ name: 'x' }));
  });
});

describe('any archive that tar-stream writes', () => {
  const name = fc
    .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map((part) => part.replaceAll(/[/\0]/g, '_')).join('/'));
  const file = fc.record({
    name,
    // tar-stream takes a mode of zero for none, cuts owners at six digits and times at 2038.
    mode: fc.integer({ min: 1, max: 0o7777 }),
    uid: fc.integer({ min: 0, max: 0o777777 }),
    gid: fc.integer({ min: 0, max: 0o777777 }),
    mtime: fc.integer({ min: 0, max: 0x7fff_ffff }),
    content: fc.uint8Array({ maxLength: 1500 }),
    link: fc.option(name, { nil: undefined }),
  });

  test('is read, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        async (files, size) => {
          const writer = pack();
          for (const { name: path, link, content, mtime, ...attributes } of files) {
            const head = { name: path, mtime: new Date(mtime * 1000), ...attributes };
            if (link === undefined) writer.entry(head, Buffer.from(content));
            else writer.entry({ ...head, type: 'symlink', linkname: link });
          }
          writer.finalize();
          const entries = read(await buffer(writer), { size });
          expect(
            entries.map((found) => ({
              name: toText(found.name),
              mode: found.mode,
              uid: found.uid,
              gid: found.gid,
              mtime: found.modifyTime.seconds,
              content: [...found.content],
              link: found.type === 'symlink' ? toText(found.linkName) : undefined,
            })),
          ).toEqual(
            files.map(({ content, link, ...rest }) => ({
              ...rest,
              content: link === undefined ? [...content] : [],
              link,
            })),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test('of bytes at random is refused or read, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2048 }), fc.nat(1535), (noise, at) => {
        const bytes = Buffer.from(archive({ name: 'a', data: 'x', pax: { uid: '1' } }));
        Buffer.from(noise.subarray(0, 4)).copy(bytes, at);
        expect(outcomeOf(bytes)).toMatch(/^(read|NsError: tar: .*)$/);
      }),
      { numRuns: 500 },
    );
  });
});
