import { describe, expect, test } from 'vitest';

import { entryPath, splitPath } from './entry-path.js';
import { whiteoutOf } from './whiteout.js';

describe('entryPath', () => {
  test.each([
    ['a/b/c', 'a/b/c', 'a/b', 'c'],
    ['/a/b', 'a/b', 'a', 'b'],
    ['./a//b/./c/', 'a/b/c', 'a/b', 'c'],
    ['file', 'file', '', 'file'],
    ['./', '', '', ''],
    ['/', '', '', ''],
    ['', '', '', ''],
    ['...', '...', '', '...'],
    ['a/..b', 'a/..b', 'a', '..b'],
  ])('%j is %j in %j', (name, path, parent, base) => {
    expect(entryPath(name)).toEqual({ path, parent, base });
  });

  test.each(['..', '../x', 'a/../b', '/../etc/passwd', 'a/..', './..//x'])('refuses %j', (name) => {
    expect(() => entryPath(name)).toThrow('has ".." in it');
  });

  test('refuses what the kernel would', () => {
    expect(() => entryPath('x'.repeat(256))).toThrow('has a component of 256 bytes');
    expect(() => entryPath('x/'.repeat(2048) + 'y')).toThrow('is 4097 bytes long');
    expect(entryPath('x'.repeat(255)).base.length).toBe(255);
  });

  test('splitPath gives the same of what it gave', () => {
    for (const path of ['a', 'a/b', 'a/b/c']) expect(splitPath(path)).toEqual(entryPath(path));
  });
});

describe('whiteoutOf', () => {
  const of = (name: string): unknown => whiteoutOf(entryPath(name));

  test('knows what layers take away', () => {
    expect(of('a/.wh.b')).toEqual({ kind: 'removed', base: 'b' });
    expect(of('a/.wh..hidden')).toEqual({ kind: 'removed', base: '.hidden' });
    expect(of('a/.wh..wh..opq')).toEqual({ kind: 'opaque' });
    expect(of('.wh..wh..opq')).toEqual({ kind: 'opaque' });
    expect(of('.wh..wh.plnk/17')).toEqual({ kind: 'ignored' });
    expect(of('.wh..wh.aufs')).toEqual({ kind: 'ignored' });
    expect(of('a/b')).toBeUndefined();
    expect(of('a/.wh')).toBeUndefined();
    expect(of('.wh.a/b')).toBeUndefined();
  });

  test.each(['.wh.', 'a/.wh..', 'a/.wh...'])('refuses %j, which removes no name', (name) => {
    expect(() => of(name)).toThrow('removes no name');
  });
});
