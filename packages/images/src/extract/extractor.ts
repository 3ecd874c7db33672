import { ERRNO, failsWith, LIMITS, makedev, type OwnedFd, S, syscall } from '@ns/syscall';

import { createFile, type Purpose, typeOf, unlink, writeAtFully, writeFully } from '../at/calls.js';
import { removeTreeNow } from '../at/remove-tree.js';
import { type ByteString, cBytes, toText } from '../byte-string.js';
import { corrupt } from '../failure.js';
import type { TarEntry, TarSink } from '../tar/entry.js';
import { type Owner, setAttributes, setAttributesAt } from './attributes.js';
import { Directories } from './directories.js';
import { type EntryPath, entryPath } from './entry-path.js';
import { SegmentWriter } from './segment-writer.js';
import { whiteoutOf } from './whiteout.js';

/** What a layer may have at most. */
export interface ExtractLimits {
  readonly entries: number;
  /** Bytes of data, holes not counted. */
  readonly dataBytes: number;
}

/** What was found in a layer. */
export interface LayerFacts {
  readonly entries: number;
  /** Bytes of all its files. */
  readonly sizeBytes: number;
  /** Directories without an entry of their own, whose attributes are those of a lower layer. */
  readonly implied: readonly ByteString[];
  /** Nothing of the layers below is seen. */
  readonly isOpaque: boolean;
}

/** What an errno means to somebody who loads an image. */
const HINTS = {
  ENOSPC: 'the disk is full: free some space, or give the store another directory',
  EDQUOT: 'the disk quota is used up',
  EPERM: 'unpacking an image needs root: it sets owners and makes device files',
  EOPNOTSUPP: 'the file system of the store has no extended attributes: give the store another directory',
};

/** The file that data goes to. */
interface OpenFile {
  readonly entry: TarEntry;
  readonly purpose: Purpose;
  readonly fd: OwnedFd;
  readonly segments: SegmentWriter | undefined;
}

/**
 * Extracts the tar archive of a layer into a directory, in the form that the overlay file system reads: whiteouts
 * become character devices 0:0, opaque directories get their attribute.
 *
 * @remarks
 * The archive is hostile input. Every entry is made by name in a directory that is open (see {@link Directories}); no
 * path is walked twice, and what exists is never opened for writing. Where several entries have one name, the last
 * counts. Nobody else may use the directory meanwhile.
 */
export class LayerExtractor implements TarSink, Disposable {
  readonly #directories: Directories;
  readonly #limits: ExtractLimits;
  readonly #creator: Owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  #file: OpenFile | undefined;
  #entries = 0;
  #dataBytes = 0;
  #sizeBytes = 0;

  /** @param root - The directory, empty. Stays the caller's. */
  constructor(root: OwnedFd, limits: ExtractLimits) {
    this.#directories = new Directories(root);
    this.#limits = limits;
  }

  entry(entry: TarEntry): void {
    if (++this.#entries > this.#limits.entries) {
      throw corrupt('unpack layer', `more than the ${this.#limits.entries} entries that are accepted`);
    }
    this.#sizeBytes += entry.sizeBytes;
    const where = entryPath(entry.name);
    const purpose = purposeOf(where.path);
    const whiteout = whiteoutOf(where);
    if (whiteout?.kind === 'ignored') return;
    if (whiteout?.kind === 'opaque') this.#directories.makeOpaque(purpose, where.parent);
    else if (whiteout?.kind === 'removed') this.#whiteOut(purpose, where.parent, whiteout.base);
    else if (entry.type === 'directory') this.#directories.add(purpose, entry, where.path);
    else if (where.base === '') {
      throw corrupt('unpack layer', `the root of the archive is a ${entry.type} instead of a directory`);
    } else this.#create(purpose, entry, where);
  }

  data(chunk: Buffer): void {
    this.#dataBytes += chunk.length;
    if (this.#dataBytes > this.#limits.dataBytes) {
      throw corrupt('unpack layer', `more than the ${this.#limits.dataBytes} bytes that are accepted`);
    }
    const file = this.#file;
    if (file === undefined) return;
    const { fd } = file.fd;
    if (file.segments === undefined) writeFully(file.purpose, fd, chunk);
    else file.segments.write(chunk, (piece, offset) => writeAtFully(file.purpose, fd, piece, offset));
  }

  end(): void {
    const file = this.#file;
    if (file === undefined) return;
    const { entry, purpose, fd } = file;
    if (entry.sparse !== undefined) syscall(purpose, 'ftruncate', fd.fd, entry.sizeBytes);
    setAttributes(purpose, fd.fd, entry, this.#creator);
    this.#file = undefined;
    fd.close();
  }

  /** Give the directories their attributes, piece by piece. To be run when the archive is over. */
  *finish(): Generator<void> {
    yield* this.#directories.finish(purposeOf);
  }

  /** What was extracted. */
  get facts(): LayerFacts {
    return {
      entries: this.#entries,
      sizeBytes: this.#sizeBytes,
      implied: this.#directories.implied,
      isOpaque: this.#directories.isRootOpaque,
    };
  }

  [Symbol.dispose](): void {
    this.#file?.fd.close();
    this.#directories[Symbol.dispose]();
  }

  #whiteOut(purpose: Purpose, parent: ByteString, base: ByteString): void {
    const dirFd = this.#directories.at(purpose, parent);
    const type = typeOf(purpose, dirFd, cBytes(base));
    if (type === undefined) syscall(purpose, 'mknodat', dirFd, cBytes(base), S.S_IFCHR, 0);
    // A whiteout is about the layers below. What this layer has of that name hides them already, a directory if opaque.
    else if (type === S.S_IFDIR) {
      this.#directories.makeOpaque(purpose, parent === '' ? base : `${parent}/${base}`);
    }
  }

  #create(purpose: Purpose, entry: TarEntry, where: EntryPath): void {
    const { parent, base } = where;
    const name = cBytes(base);
    const make = (): true => {
      const dirFd = this.#directories.at(purpose, parent);
      if (entry.type === 'file') this.#createFile(purpose, entry, dirFd, name);
      else if (entry.type === 'hardlink') this.#link(purpose, entry, parent, name);
      else if (entry.type === 'symlink') symlink(purpose, entry, dirFd, name);
      else makeNode(purpose, entry, dirFd, name);
      return true;
    };
    if (failsWith([ERRNO.EEXIST], make) === undefined) {
      if (entry.type === 'hardlink' && this.#linksItself(entry, where)) return;
      this.#removeExisting(purpose, where);
      make();
    }
    if (entry.type !== 'file' && entry.type !== 'hardlink') {
      setAttributesAt(purpose, this.#directories.at(purpose, parent), base, entry);
    }
  }

  #createFile(purpose: Purpose, entry: TarEntry, dirFd: number, name: Buffer): void {
    const fd = createFile(purpose, dirFd, name);
    const segments = entry.sparse === undefined ? undefined : new SegmentWriter(entry.sparse);
    this.#file = { entry, purpose, fd, segments };
  }

  #link(purpose: Purpose, entry: TarEntry, parent: ByteString, name: Buffer): void {
    const target = entryPath(entry.linkName);
    const shown = toText(target.path);
    // The link's own directory first: it may have to be made. The other must be there, so that this stays open.
    const dirFd = this.#directories.at(purpose, parent);
    const targetFd = this.#directories.find(purpose, target.parent);
    const targetName = cBytes(target.base);
    const type = targetFd === undefined ? undefined : typeOf(purpose, targetFd, targetName);
    if (targetFd === undefined || type === undefined) {
      const fact = `is a hard link to ${JSON.stringify(shown)}, which does not come before it`;
      throw corrupt('unpack layer', `${toText(entry.name)} ${fact}`);
    }
    if (type === S.S_IFDIR) {
      throw corrupt(
        'unpack layer',
        `${toText(entry.name)} is a hard link to the directory ${JSON.stringify(shown)}`,
      );
    }
    // Without AT_SYMLINK_FOLLOW: a link to a symbolic link is one more name of that link.
    syscall(purpose, 'linkat', targetFd, targetName, dirFd, name, 0);
  }

  #linksItself(entry: TarEntry, where: EntryPath): boolean {
    return entryPath(entry.linkName).path === where.path;
  }

  #removeExisting(purpose: Purpose, { path, parent, base }: EntryPath): void {
    const dirFd = this.#directories.at(purpose, parent);
    const name = cBytes(base);
    const type = typeOf(purpose, dirFd, name);
    if (type === S.S_IFDIR) removeTreeNow(toText(path), dirFd, name);
    else unlink(purpose, dirFd, name);
    // A directory, or a link to one, may have been walked through.
    if (type === S.S_IFDIR || type === S.S_IFLNK) this.#directories.forget(path);
  }
}

const purposeOf = (path: ByteString): Purpose => {
  const shown = path === '' ? '/' : toText(path);
  return { what: `unpack ${shown}`, path: shown, hints: HINTS };
};

function symlink(purpose: Purpose, entry: TarEntry, dirFd: number, name: Buffer): void {
  const { linkName } = entry;
  if (linkName === '' || linkName.length >= LIMITS.PATH_MAX) {
    throw corrupt(
      'unpack layer',
      `${toText(entry.name)} is a symbolic link to a name of ${linkName.length} bytes`,
    );
  }
  syscall(purpose, 'symlinkat', cBytes(linkName), dirFd, name);
}

const NODE_TYPES = { character: S.S_IFCHR, block: S.S_IFBLK, fifo: S.S_IFIFO } as const;

function makeNode(purpose: Purpose, entry: TarEntry, dirFd: number, name: Buffer): void {
  const { type, majorNumber, minorNumber } = entry;
  if (type !== 'character' && type !== 'block' && type !== 'fifo') return;
  if (majorNumber < 0 || majorNumber > 0xfff || minorNumber < 0 || minorNumber > 0xf_ffff) {
    throw corrupt(
      'unpack layer',
      `${toText(entry.name)} is a device of numbers ${majorNumber}:${minorNumber}`,
    );
  }
  syscall(purpose, 'mknodat', dirFd, name, NODE_TYPES[type] | 0o600, makedev(majorNumber, minorNumber));
}
