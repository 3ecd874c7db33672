import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { openat2, O } from '@ns/syscall';

import { getXattr } from '../src/at/extended-attributes.js';
import type { ExtractLimits } from '../src/extract/extractor.js';
import { unpackLayer, type Unpacked } from '../src/store/unpack.js';
import { pieces } from './archives.js';

/** Limits that no test reaches by accident. */
export const LIMITS: ExtractLimits = { entries: 100_000, dataBytes: 2 ** 32 };

/** A layer that was unpacked, and where. */
export interface UnpackedAt extends Unpacked {
  readonly path: string;
}

/** Unpack a plain archive into a new directory below another. */
export async function unpackInto(
  parent: string,
  bytes: Buffer,
  options: { readonly limits?: ExtractLimits; readonly size?: number } = {},
): Promise<UnpackedAt> {
  const path = join(mkdtempSync(join(parent, 'layer-')), 'diff');
  const { limits = LIMITS, size } = options;
  return { path, ...(await unpackLayer(pieces(bytes, size), path, { limits, endMark: true })) };
}

/** What is at each path below a directory: a type, a file's content, a link's target, a device's numbers. */
export function tree(root: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, below)).toSorted()) {
    const path = join(below, name);
    const stat = lstatSync(join(root, path));
    if (stat.isDirectory()) Object.assign(found, { [path]: 'dir' }, tree(root, path));
    else if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(root, path))}`;
    else if (stat.isFile()) found[path] = `file ${readFileSync(join(root, path), 'latin1').slice(0, 40)}`;
    else if (stat.isFIFO()) found[path] = 'fifo';
    else found[path] = `${stat.isBlockDevice() ? 'block' : 'char'} ${stat.rdev >> 8}:${stat.rdev & 0xff}`;
  }
  return found;
}

/** An extended attribute of a file or directory, as hexadecimal digits. */
export function xattr(path: string, name: string): string | undefined {
  using file = openat2(path, { flags: O.O_RDONLY | O.O_NOFOLLOW });
  return getXattr('test', file.fd, name)?.toString('hex');
}
