import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

import { needs } from '@ns/testing';
import { beforeAll, describe, expect, test } from 'vitest';

import { archive, END, entry, header, padded, type RawEntry, sha256 } from './archives.js';
import { scratch } from './scratch.js';
import { LIMITS, tree, unpackInto, type UnpackedAt, xattr } from './unpack.js';

describe('a layer that wants out', needs('linux', 'root'), () => {
  const at = scratch('hostile');
  const outside = (): string => at('outside');
  beforeAll(() => {
    mkdirSync(outside());
    writeFileSync(at('outside', 'secret'), 'secret of the host');
    chmodSync(at('outside', 'secret'), 0o600);
  });

  const unpack = (...entries: readonly (RawEntry | Buffer)[]): Promise<UnpackedAt> =>
    unpackInto(at(), archive(...entries));

  /** Nothing outside was read, made or changed. */
  const expectUntouched = (): void => {
    expect(readdirSync(outside())).toEqual(['secret']);
    expect(readFileSync(at('outside', 'secret'), 'utf8')).toBe('secret of the host');
    expect(statSync(at('outside', 'secret')).mode & 0o7777).toBe(0o600);
  };

  test('by ".." is refused', async () => {
    for (const name of ['../../outside/x', 'a/../../../outside/x', '..']) {
      await expect(unpack({ name, data: 'x' }), name).rejects.toThrow('has ".." in it');
    }
    await expect(unpack({ name: 'l', type: '1', linkName: '../../outside/secret' })).rejects.toThrow(
      '".." in it',
    );
    expectUntouched();
  });

  test('by an absolute name stays inside', async () => {
    const { path } = await unpack({ name: `${outside()}/x`, data: 'x' });
    expect(tree(path)[`${outside().slice(1)}/x`]).toBe('file x');
    expectUntouched();
  });

  test.each([
    ['absolute', (): string => outside()],
    ['climbing', (): string => '../../outside'],
    ['climbing far', (): string => `${'../'.repeat(12)}${outside().slice(1)}`],
  ])('through a symbolic link that is %s ends up inside', async (_, target) => {
    const { path } = await unpack(
      { name: 'link', type: '2', linkName: target() },
      { name: `${outside().slice(1)}/`, type: '5' },
      { name: 'outside/', type: '5' },
      { name: 'link/x', data: 'x' },
      { name: 'link/sub/y', data: 'y' },
      { name: 'link/secret', data: 'overwritten' },
      { name: 'link/own', type: '1', linkName: 'link/secret' },
      { name: 'link/dir/', type: '5', mode: 0o700 },
    );
    expect(Object.entries(tree(path)).filter(([name]) => name.endsWith('outside/x'))).toHaveLength(1);
    expect(Object.values(tree(path))).toContain('file y');
    expect(lstatSync(`${path}/link`).isSymbolicLink()).toBe(true);
    expectUntouched();
  });

  test('through a chain of links stays inside', async () => {
    const { path } = await unpack(
      { name: 'a', type: '2', linkName: 'b' },
      { name: 'b', type: '2', linkName: '..' },
      { name: 'outside/', type: '5' },
      { name: 'a/outside/x', data: 'x' },
    );
    expect(tree(path)['outside/x']).toBe('file x');
    expectUntouched();
  });

  test('by a link that leads nowhere, or in circles, is refused', async () => {
    await expect(
      unpack({ name: 'a', type: '2', linkName: '/no' }, { name: 'a/x', data: 'x' }),
    ).rejects.toThrow('unpack layer: there are entries below a, which is a symbolic link that leads nowhere');
    await expect(unpack({ name: 'a', type: '2', linkName: 'a' }, { name: 'a/x', data: 'x' })).rejects.toThrow(
      'unpack a/x: ELOOP',
    );
    await expect(unpack({ name: 'a', data: 'x' }, { name: 'a/x', data: 'x' })).rejects.toThrow(
      'there are entries below a, which is no directory',
    );
  });

  test('by a magic link of /proc is refused', async () => {
    // Even where proc is mounted in a root, its links lead out. Here the link only names it.
    await expect(
      unpack({ name: 'a', type: '2', linkName: '/proc/self/root' }, { name: 'a/x', data: 'x' }),
    ).rejects.toThrow('which is a symbolic link that leads nowhere');
  });

  test('by writing through a link that is a file does not: the link is replaced', async () => {
    const { path } = await unpack(
      { name: 'l', type: '2', linkName: at('outside', 'secret') },
      { name: 'l', data: 'mine', mode: 0o777 },
    );
    expect(tree(path)).toEqual({ l: 'file mine' });
    expectUntouched();
  });

  test('by a hard link to a symbolic link has one more link, not what it leads to', async () => {
    const { path } = await unpack(
      { name: 'l', type: '2', linkName: at('outside', 'secret') },
      { name: 'h', type: '1', linkName: 'l' },
      { name: 'h2', type: '1', linkName: '/l' },
    );
    expect(tree(path)['h']).toBe(`-> ${at('outside', 'secret')}`);
    expect(lstatSync(`${path}/h`).ino).toBe(lstatSync(`${path}/l`).ino);
    expect(lstatSync(`${path}/h2`).nlink).toBe(3);
    expectUntouched();
  });

  test('by a hard link to what is outside, or not there, is refused', async () => {
    const into = at('outside').slice(1);
    await expect(unpack({ name: 'h', type: '1', linkName: at('outside', 'secret') })).rejects.toThrow(
      `h is a hard link to "${into}/secret", which does not come before it`,
    );
    await expect(
      unpack({ name: 'd', type: '2', linkName: outside() }, { name: 'h', type: '1', linkName: 'd/secret' }),
    ).rejects.toThrow('h is a hard link to "d/secret", which does not come before it');
    await expect(unpack({ name: 'd/', type: '5' }, { name: 'h', type: '1', linkName: 'd' })).rejects.toThrow(
      'h is a hard link to the directory "d"',
    );
    expectUntouched();
  });

  test('by replacing a directory that was walked through does not', async () => {
    const { path } = await unpack(
      { name: 'd/', type: '5' },
      { name: 'd/one', data: '1' },
      { name: 'd', type: '2', linkName: outside() },
      { name: `${outside().slice(1)}/`, type: '5' },
      { name: 'd/two', data: '2' },
    );
    expect(tree(path)).toMatchObject({ d: `-> ${outside()}`, [`${outside().slice(1)}/two`]: 'file 2' });
    expectUntouched();
  });

  test('by the attributes of a link does not change what it leads to', async () => {
    const { path } = await unpack({
      name: 'l',
      type: '2',
      linkName: at('outside', 'secret'),
      mode: 0o777,
      uid: 1234,
      gid: 4321,
      mtime: 77,
    });
    const link = lstatSync(`${path}/l`);
    expect([link.uid, link.gid, link.mtimeMs]).toEqual([1234, 4321, 77_000]);
    expectUntouched();
  });

  test('by making a directory of a link that is there does not follow it', async () => {
    const { path } = await unpack(
      { name: 'd', type: '2', linkName: outside() },
      { name: 'd/', type: '5', mode: 0o777 },
      { name: 'd/x', data: 'x' },
    );
    expect(tree(path)).toEqual({ d: 'dir', 'd/x': 'file x' });
    expectUntouched();
  });

  test('is not helped by a link in the place of the root', async () => {
    await expect(unpack({ name: '/', type: '2', linkName: outside() })).rejects.toThrow(
      'the root of the archive is a symlink instead of a directory',
    );
    symlinkSync(outside(), at('planted'));
    await expect(unpackInto(at(), archive({ name: '.', data: 'x' }))).rejects.toThrow('is a file instead');
    expectUntouched();
  });
});

describe('a layer that wants too much', needs('linux', 'root'), () => {
  const at = scratch('limits');

  test('of entries is refused', async () => {
    const many = Array.from({ length: 11 }, (_, index) => ({ name: `f${index}` }));
    const limits = { ...LIMITS, entries: 10 };
    await expect(unpackInto(at(), archive(...many), { limits })).rejects.toThrow(
      'unpack layer: more than the 10 entries that are accepted',
    );
  });

  test('of bytes is refused as they come', async () => {
    const limits = { ...LIMITS, dataBytes: 1000 };
    const bytes = archive({ name: 'f', data: 'x'.repeat(1001) });
    await expect(unpackInto(at(), bytes, { limits, size: 512 })).rejects.toThrow(
      'unpack layer: more than the 1000 bytes that are accepted',
    );
  });

  test('of a hole takes none of the disk, and one beyond any file is refused', async () => {
    const pax = { 'GNU.sparse.size': String(2 ** 40), 'GNU.sparse.map': '0,1' };
    const { path, facts } = await unpackInto(at(), archive({ name: 'hole', data: 'x', pax }));
    expect(statSync(`${path}/hole`)).toMatchObject({ size: 2 ** 40 });
    expect(statSync(`${path}/hole`).blocks).toBeLessThan(64);
    expect(facts.sizeBytes).toBe(2 ** 40);
    const huge = { ...pax, 'GNU.sparse.size': String(Number.MAX_SAFE_INTEGER) };
    await expect(unpackInto(at(), archive({ name: 'hole', data: 'x', pax: huge }))).rejects.toThrow(
      /^unpack hole: E(FBIG|INVAL)/,
    );
  });

  test.each([
    [
      'a device of impossible numbers',
      { name: 'd', type: '3', device: [4096, 0] as const },
      'a device of numbers 4096:0',
    ],
    ['a link to nothing', { name: 'l', type: '2', linkName: '' }, 'a symbolic link to a name of 0 bytes'],
    [
      'a link to a name too long',
      { name: 'l', type: '2', pax: { linkpath: 'x'.repeat(5000) } },
      'a name of 5000 bytes',
    ],
    ['a name too long', { name: 'f', pax: { path: 'x/'.repeat(3000) } }, 'is 5999 bytes long'],
    ['a whiteout of nothing', { name: '.wh..', type: '0' }, 'removes no name'],
    [
      'an attribute value too large',
      { name: 'f', pax: { 'SCHILY.xattr.user.a': Buffer.alloc(70_000, 'x') } },
      /E(2BIG|RANGE|NOSPC)/,
    ],
    ['an attribute without a namespace', { name: 'f', pax: { 'SCHILY.xattr.user.': 'x' } }, 'EINVAL'],
  ])('such as %s is refused', async (_, raw, fact) => {
    await expect(unpackInto(at(), archive(raw))).rejects.toThrow(fact);
  });

  test('is cut off: refused, whatever was written before', async () => {
    const whole = archive({ name: 'a', data: 'x'.repeat(5000) }, { name: 'b', data: 'y' });
    for (const end of [100, 600, 3000, 5000, whole.length - 1024]) {
      await expect(unpackInto(at(), whole.subarray(0, end)), `cut at ${end}`).rejects.toThrow(
        /the archive ends/,
      );
    }
  });
});

describe('what a layer may have', needs('linux', 'root'), () => {
  const at = scratch('layers');
  const unpack = (...entries: readonly (RawEntry | Buffer)[]): Promise<UnpackedAt> =>
    unpackInto(at(), archive(...entries));

  test('set-id programs, owners and times, and directories with times of their own', async () => {
    const { path } = await unpack(
      { name: './', type: '5', mode: 0o755, mtime: 1 },
      { name: 'd/', type: '5', mode: 0o3775, uid: 5, gid: 6, mtime: 1000 },
      { name: 'd/su', data: 'x', mode: 0o6755, uid: 7, gid: 8, mtime: 2000 },
      { name: 'd/sub/', type: '5', mode: 0o000, mtime: 3000 },
      { name: 'd/sub/in', data: 'x', mode: 0o400 },
      { name: 'before', data: 'x', pax: { mtime: '-86400.5' } },
    );
    const of = (name: string): object => {
      const { mode, uid, gid, mtimeMs } = lstatSync(`${path}/${name}`);
      return [(mode & 0o7777).toString(8), uid, gid, mtimeMs];
    };
    expect(of('d/su')).toEqual(['6755', 7, 8, 2_000_000]);
    expect(of('d')).toEqual(['3775', 5, 6, 1_000_000]);
    expect(of('d/sub')).toEqual(['0', 0, 0, 3_000_000]);
    // No group was inherited from the directory above.
    expect(of('d/sub/in')).toEqual(['400', 0, 0, 0]);
    expect(of('before')).toEqual(['644', 0, 0, -86_400_500]);
    expect(of('.')).toEqual(['755', 0, 0, 1000]);
  });

  test('devices and FIFOs', async () => {
    const { path } = await unpack(
      { name: 'null', type: '3', device: [1, 3], mode: 0o666 },
      { name: 'disk', type: '4', device: [8, 1], mode: 0o660, gid: 6 },
      { name: 'pipe', type: '6', mode: 0o622 },
    );
    expect(tree(path)).toEqual({ null: 'char 1:3', disk: 'block 8:1', pipe: 'fifo' });
    expect(lstatSync(`${path}/null`).mode & 0o7777).toBe(0o666);
    expect(lstatSync(`${path}/disk`)).toMatchObject({ gid: 6 });
    expect(lstatSync(`${path}/pipe`).mode & 0o7777).toBe(0o622);
  });

  test('extended attributes, binary ones too, and none of the overlay file system', async () => {
    const capability = '0100000200200000000000000000000000000000';
    const { path } = await unpack(
      {
        name: 'ping',
        data: 'x',
        uid: 3,
        mode: 0o755,
        pax: {
          'SCHILY.xattr.security.capability': Buffer.from(capability, 'hex'),
          'SCHILY.xattr.user.binary': Buffer.from([0, 0x80, 0xff, 0x0a]),
          'SCHILY.xattr.trusted.overlay.redirect': '/etc',
        },
      },
      {
        name: 'd/',
        type: '5',
        pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.trusted.mine': 'kept' },
      },
    );
    expect(xattr(`${path}/ping`, 'security.capability')).toBe(capability);
    expect(xattr(`${path}/ping`, 'user.binary')).toBe('0080ff0a');
    expect(xattr(`${path}/ping`, 'trusted.overlay.redirect')).toBeUndefined();
    expect(xattr(`${path}/d`, 'trusted.overlay.opaque')).toBeUndefined();
    expect(xattr(`${path}/d`, 'trusted.mine')).toBe(Buffer.from('kept').toString('hex'));
  });

  test('an attribute that links may not have is left out', async () => {
    const { path } = await unpack({
      name: 'l',
      type: '2',
      linkName: 'x',
      pax: { 'SCHILY.xattr.user.a': 'b' },
    });
    expect(tree(path)).toEqual({ l: '-> x' });
  });

  test('entries of one name: the last counts, whatever came before', async () => {
    const { path } = await unpack(
      { name: 'a', data: 'first' },
      { name: 'b', type: '1', linkName: 'a' },
      { name: 'a', data: 'second' },
      { name: 'd/', type: '5' },
      { name: 'd/deep/er/f', data: 'x' },
      { name: 'd', data: 'a file now' },
      { name: 'e', data: 'x' },
      { name: 'e/', type: '5', mode: 0o711 },
      { name: 'e/f', data: 'kept' },
      { name: 'e/', type: '5', mode: 0o700 },
      { name: 'self', data: 'me' },
      { name: 'self', type: '1', linkName: './self' },
    );
    expect(tree(path)).toEqual({
      a: 'file second',
      b: 'file first',
      d: 'file a file now',
      e: 'dir',
      'e/f': 'file kept',
      self: 'file me',
    });
    expect(statSync(`${path}/e`).mode & 0o777).toBe(0o700);
  });

  test('directories without an entry are made, and told', async () => {
    const { path, facts } = await unpack(
      { name: 'a/b/c', data: 'x' },
      { name: 'x/y/', type: '5' },
      { name: 'x/', type: '5', mode: 0o700 },
    );
    expect(tree(path)).toEqual({ a: 'dir', 'a/b': 'dir', 'a/b/c': 'file x', x: 'dir', 'x/y': 'dir' });
    expect(facts.implied.toSorted()).toEqual(['', 'a', 'a/b']);
    expect(statSync(`${path}/a`).mode & 0o777).toBe(0o755);
    expect(statSync(`${path}/a`).mtimeMs).toBe(0);
    expect(statSync(`${path}/x`).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  test('whiteouts, in the form of the overlay file system', async () => {
    const { path, facts } = await unpack(
      { name: '.wh.gone' },
      { name: 'd/', type: '5' },
      { name: 'd/.wh..wh..opq' },
      { name: 'd/.wh.also', data: 'whatever' },
      // The layer has these itself, so that only what is below is meant.
      { name: '.wh.file' },
      { name: 'file', data: 'new' },
      { name: 'file2', data: 'new' },
      { name: '.wh.file2' },
      { name: '.wh.dir' },
      { name: 'dir/', type: '5' },
      { name: '.wh.dir2' },
      { name: 'dir2/in', data: 'x' },
      { name: 'dir3/in', data: 'x' },
      { name: '.wh.dir3' },
      { name: '.wh..wh.plnk/1' },
    );
    expect(tree(path)).toEqual({
      gone: 'char 0:0',
      d: 'dir',
      'd/also': 'char 0:0',
      file: 'file new',
      file2: 'file new',
      dir: 'dir',
      dir2: 'dir',
      'dir2/in': 'file x',
      dir3: 'dir',
      'dir3/in': 'file x',
    });
    for (const name of ['d', 'dir', 'dir2', 'dir3']) {
      expect(xattr(`${path}/${name}`, 'trusted.overlay.opaque'), name).toBe(Buffer.from('y').toString('hex'));
    }
    expect(facts.isOpaque).toBe(false);
    expect((await unpack({ name: '.wh..wh..opq' })).facts.isOpaque).toBe(true);
  });

  test('sparse files of every format, with their holes', async () => {
    const map = padded('2\n4096\n5\n1048576\n5\n');
    const number = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`;
    const old = header({
      name: 'old',
      type: 'S',
      size: 10,
      format: 'gnu',
      edit: (block) => {
        block.write([4096, 5, 1_048_576, 5].map((value) => number(value)).join(''), 386);
        block.write(number(2_000_000), 483);
      },
    });
    const { path } = await unpack(old, padded('helloworld'), {
      name: 'new',
      data: Buffer.concat([map, Buffer.from('helloworld')]),
      pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '2000000' },
    });
    const expected = Buffer.alloc(2_000_000);
    expected.write('hello', 4096);
    expected.write('world', 1_048_576);
    for (const name of ['old', 'new']) {
      expect(readFileSync(`${path}/${name}`).equals(expected), name).toBe(true);
      expect(statSync(`${path}/${name}`).blocks * 512, name).toBeLessThan(100_000);
    }
  });

  test('names that are no UTF-8, and of any depth', async () => {
    const deep = Array.from({ length: 400 }, (_, index) => `d${index}`).join('/');
    const { path } = await unpack(
      { name: Buffer.from([0xff, 0xfe]), data: 'x' },
      { name: 'f', data: 'x', pax: { path: `${deep}/f` } },
    );
    expect(
      readdirSync(Buffer.from(path), { encoding: 'buffer' }).map((name) => name.toString('hex')),
    ).toContain('fffe');
    expect(readFileSync(`${path}/${deep}/f`, 'utf8')).toBe('x');
  });

  test('its digest is that of all bytes, those behind its end too', async () => {
    const bytes = Buffer.concat([archive({ name: 'a' }), END, Buffer.from('more')]);
    expect((await unpackInto(at(), bytes, { size: 700 })).diffId).toBe(sha256(bytes));
    expect(entry({ name: 'a' }).length).toBe(512);
  });
});
