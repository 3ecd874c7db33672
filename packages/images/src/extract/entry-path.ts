import { LIMITS } from '@ns/syscall';

import { type ByteString, toText } from '../byte-string.js';
import { corrupt } from '../failure.js';

/** Where an entry goes, below the directory that is extracted to. */
export interface EntryPath {
  /** Without leading, doubled or trailing slashes and without `.`; empty for the directory itself. */
  readonly path: ByteString;
  readonly parent: ByteString;
  /** The last component; empty for the directory itself. */
  readonly base: ByteString;
}

/**
 * The place that a name in an archive means. Absolute names are taken as if they began below the directory.
 *
 * @throws NsError `ERR_NS_CORRUPT` for a name with `..` in it, or that is longer than the kernel takes.
 */
export function entryPath(name: ByteString): EntryPath {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') throw refused(name, 'has ".." in it');
    if (part.length > LIMITS.NAME_MAX) throw refused(name, `has a component of ${part.length} bytes`);
  }
  const path = parts.join('/');
  if (path.length >= LIMITS.PATH_MAX) throw refused(name, `is ${path.length} bytes long`);
  const base = parts.at(-1) ?? '';
  return { path, base, parent: path.slice(0, Math.max(0, path.length - base.length - 1)) };
}

/** The parent and last component of a path that {@link entryPath} gave. */
export function splitPath(path: ByteString): EntryPath {
  const slash = path.lastIndexOf('/');
  return { path, parent: path.slice(0, Math.max(0, slash)), base: path.slice(slash + 1) };
}

function refused(name: ByteString, fact: string): Error {
  const text = toText(name);
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return corrupt('unpack layer', `the name ${JSON.stringify(shown)} ${fact}`, {
    hint: 'create the archive with names relative to its root',
  });
}
