import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { makedev, O, openat2, S, syscall } from '@ns/syscall';
import { beforeAll, describe, expect, test } from 'vitest';

import { setXattr, setXattrAt } from '../src/at/extended-attributes.js';
import { fromText } from '../src/byte-string.js';
import type { TarEntry } from '../src/tar/entry.js';
import { TarReader } from '../src/tar/reader.js';
import { program, scratch } from './scratch.js';
import { unpackInto, xattr } from './unpack.js';

const FORMATS = ['pax', 'gnu', 'ustar', 'v7'] as const;

/** What an archive says of its entries, by name. */
function listOf(bytes: Buffer): Record<string, Partial<TarEntry>> {
  const found: Record<string, Partial<TarEntry>> = {};
  const entry = (one: TarEntry): void => {
    const { name, sparse: _, dataBytes: __, ...rest } = one;
    found[name] = rest;
  };
  new TarReader({ entry, data: () => undefined, end: () => undefined }).push(bytes);
  return found;
}

describe('archives of GNU tar', needs('linux', 'root', program('tar')), () => {
  const at = scratch('gnu-tar');
  const source = (...parts: string[]): string => at('source', ...parts);

  const pack = (directory: string, ...options: string[]): Buffer =>
    execFileSync(
      'tar',
      [
        '--create',
        '--numeric-owner',
        '--sort=name',
        '--xattrs',
        '--xattrs-include=*',
        ...options,
        '-C',
        directory,
        '.',
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    );

  beforeAll(() => {
    mkdirSync(source('d', 'sub'), { recursive: true });
    writeFileSync(source('d', 'file'), 'content');
    writeFileSync(source('d', 'empty'), '');
    writeFileSync(source('d', 'large'), Buffer.alloc(3_000_000, 'large '));
    linkSync(source('d', 'file'), source('hard'));
    symlinkSync('d/file', source('soft'));
    symlinkSync('/nowhere', source('dangling'));
    mkdirSync(source('x'.repeat(90)));
    writeFileSync(source('x'.repeat(90), 'short'), 'beyond the first hundred');
    writeFileSync(source('naïve ☃'), 'UTF-8');
    using root = openat2(source(), { flags: O.O_RDONLY });
    syscall('mknod', 'mknodat', root.fd, 'null', S.S_IFCHR | 0o666, makedev(1, 3));
    syscall('mknod', 'mknodat', root.fd, 'pipe', S.S_IFIFO | 0o600, 0);
    chmodSync(source('d', 'file'), 0o4755);
    chmodSync(source('d'), 0o2770);
    chownSync(source('d', 'sub'), 1000, 2000);
    lutimesSync(source('soft'), 5, 6);
    utimesSync(source('d', 'empty'), 1_700_000_000.25, 1_600_000_000.75);
    const sparse = openSync(source('sparse'), 'w');
    writeSync(sparse, 'start', 0);
    writeSync(sparse, 'middle', 5_000_000);
    ftruncateSync(sparse, 8_000_000);
    closeSync(sparse);
  });

  /** Attributes that only pax archives have. */
  const addXattrs = (): void => {
    using file = openat2(source('d', 'large'), { flags: O.O_RDONLY });
    setXattr(
      'test',
      file.fd,
      'security.capability',
      Buffer.from('0100000200200000000000000000000000000000', 'hex'),
    );
    setXattr('test', file.fd, 'user.bytes', Buffer.from([0xff, 0x00, 0x80]));
    using root = openat2(source(), { flags: O.O_RDONLY });
    setXattrAt('test', root.fd, fromText('soft'), 'trusted.link', Buffer.from('a link'));
    setXattrAt('test', root.fd, fromText('null'), 'trusted.device', Buffer.from('a device'));
  };

  test.each(FORMATS)('in format %s are unpacked to what they were made of', async (format) => {
    const options = [`--format=${format}`, ...(format === 'pax' ? [] : ['--no-xattrs'])];
    // Names that older formats cannot hold.
    if (format === 'v7') options.push('--exclude=*/short', '--exclude=null', '--exclude=pipe');
    if (format === 'pax') addXattrs();
    const bytes = pack(source(), ...options);
    const { path } = await unpackInto(at(), bytes);
    // Packed again it is the same, if everything is: names, types, owners, modes, times, links, attributes, sizes.
    const before = listOf(bytes);
    expect(listOf(pack(path, ...options))).toEqual(before);
    expect(Object.keys(before).length).toBeGreaterThan(9);
    expect(
      execFileSync('diff', ['-r', '--no-dereference', join(source(), 'd'), join(path, 'd')]).toString(),
    ).toBe('');
    expect(readFileSync(join(path, 'sparse')).equals(readFileSync(source('sparse')))).toBe(true);
  });

  test('with the attributes of links and devices', async () => {
    const { path } = await unpackInto(at(), pack(source(), '--format=pax'));
    expect(xattr(join(path, 'd/large'), 'security.capability')).toBe(
      '0100000200200000000000000000000000000000',
    );
    expect(xattr(join(path, 'd/large'), 'user.bytes')).toBe('ff0080');
    const entries = listOf(pack(path, '--format=pax'));
    expect(entries['./soft']?.xattrs?.get('trusted.link')?.toString()).toBe('a link');
    expect(entries['./null']?.xattrs?.get('trusted.device')?.toString()).toBe('a device');
  });

  test.each([
    ['gnu', ['--format=gnu', '--no-xattrs']],
    ['pax 0.0', ['--format=pax', '--sparse-version=0.0']],
    ['pax 0.1', ['--format=pax', '--sparse-version=0.1']],
    ['pax 1.0', ['--format=pax', '--sparse-version=1.0']],
  ])('with sparse files as %s', async (_, options) => {
    const bytes = pack(source(), '--sparse', ...options);
    expect(bytes.length).toBeLessThan(6_000_000);
    const { path, facts } = await unpackInto(at(), bytes, { size: 10_000 });
    expect(readFileSync(join(path, 'sparse')).equals(readFileSync(source('sparse')))).toBe(true);
    expect(Number(execFileSync('stat', ['-c', '%b', join(path, 'sparse')])) * 512).toBeLessThan(1_000_000);
    expect(facts.sizeBytes).toBeGreaterThan(8_000_000 + 3_000_000);
  });

  test('with a label, in blocks of another size', async () => {
    const labelled = pack(
      source('d'),
      '--label=a label',
      '--format=gnu',
      '--blocking-factor=1',
      '--no-xattrs',
    );
    const { path } = await unpackInto(at(), labelled);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('content');
  });
});
