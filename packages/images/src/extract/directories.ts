import { ERRNO, failsWith, O, type OwnedFd, S } from '@ns/syscall';

import { makeDirectory, openInRoot, type Purpose, statAt, unlink } from '../at/calls.js';
import { setXattrAt } from '../at/extended-attributes.js';
import { type ByteString, cBytes, toText } from '../byte-string.js';
import { corrupt } from '../failure.js';
import type { TarEntry } from '../tar/entry.js';
import { setAttributes } from './attributes.js';
import { splitPath } from './entry-path.js';

/** Directories kept open. Archives are mostly in the order of the tree, where a few suffice. */
const MAX_OPEN = 32;

const OPAQUE = 'trusted.overlay.opaque';

/** A directory that no entry describes. A container sees the attributes that a layer below gives it instead. */
const IMPLIED: TarEntry = {
  type: 'directory',
  name: '',
  linkName: '',
  mode: 0o755,
  uid: 0,
  gid: 0,
  modifyTime: { seconds: 0, nanoseconds: 0 },
  dataBytes: 0,
  sizeBytes: 0,
  majorNumber: 0,
  minorNumber: 0,
  xattrs: new Map(),
};

/**
 * The directories of a layer that is being extracted.
 *
 * @remarks
 * A path is walked by the kernel from the layer's root, which its symbolic links cannot leave; what it led to is kept
 * as a descriptor. Directories get their owner, mode and times at the end: until then they are root's own, so that
 * nothing created in them inherits a group, and their times are not changed by what is put into them.
 */
export class Directories implements Disposable {
  readonly #root: OwnedFd;
  readonly #open = new Map<ByteString, OwnedFd>();
  /** Of directories that have an entry, by path; the root's path is empty. */
  readonly #entries = new Map<ByteString, TarEntry>();
  /** Created because something in them has an entry. */
  readonly #implied = new Set<ByteString>(['']);
  #opaqueRoot = false;

  constructor(root: OwnedFd) {
    this.#root = root;
  }

  /** Paths of directories that no entry describes. The root's is empty. */
  get implied(): readonly ByteString[] {
    return [...this.#implied];
  }

  /** True when the layer hides everything below it. */
  get isRootOpaque(): boolean {
    return this.#opaqueRoot;
  }

  /** A descriptor of a directory, for `*at` calls; created with its parents when it is not there. Valid until the next call. */
  at(purpose: Purpose, path: ByteString): number {
    if (path === '') return this.#root.fd;
    const known = this.#open.get(path);
    if (known !== undefined) return known.fd;
    const found = this.#walk(purpose, path);
    if (found !== undefined) return this.#keep(path, found);
    const parentFd = this.#create(purpose, path, false);
    this.#implied.add(path);
    const name = cBytes(splitPath(path).base);
    return this.#keep(path, openInRoot(purpose, parentFd, name, O.O_PATH | O.O_DIRECTORY | O.O_NOFOLLOW));
  }

  /** The same for one that must be there; undefined when it is not. */
  find(purpose: Purpose, path: ByteString): number | undefined {
    if (path === '') return this.#root.fd;
    const known = this.#open.get(path);
    if (known !== undefined) return known.fd;
    const found = this.#walk(purpose, path);
    return found === undefined ? undefined : this.#keep(path, found);
  }

  /** An entry of a directory. One that is there keeps what it holds. */
  add(purpose: Purpose, entry: TarEntry, path: ByteString): void {
    if (path !== '') this.#create(purpose, path, true);
    this.#implied.delete(path);
    this.#entries.set(path, entry);
  }

  /** Hide what lower layers have in a directory. */
  makeOpaque(purpose: Purpose, path: ByteString): void {
    if (path === '') this.#opaqueRoot = true;
    // `.` rather than nothing: a link of /proc that ends a path is not followed.
    else setXattrAt(purpose, this.at(purpose, path), '.', OPAQUE, Buffer.from('y'));
  }

  /** Something at a path was replaced: what was known of it, and below it, does not hold any more. */
  forget(path: ByteString): void {
    this.#closeAll();
    const isBelow = (other: ByteString): boolean => other === path || other.startsWith(`${path}/`);
    for (const other of this.#entries.keys()) if (isBelow(other)) this.#entries.delete(other);
    for (const other of this.#implied) if (isBelow(other)) this.#implied.delete(other);
  }

  /** Give every directory its attributes, one a step. */
  *finish(purposeOf: (path: ByteString) => Purpose): Generator<void> {
    for (const path of this.#implied) {
      this.#finishOne(purposeOf(path), path, IMPLIED);
      yield;
    }
    for (const [path, entry] of this.#entries) {
      this.#finishOne(purposeOf(path), path, entry);
      yield;
    }
  }

  [Symbol.dispose](): void {
    this.#closeAll();
  }

  #finishOne(purpose: Purpose, path: ByteString, entry: TarEntry): void {
    const flags = O.O_RDONLY | O.O_DIRECTORY | O.O_NOFOLLOW;
    const name = cBytes(path === '' ? '.' : path);
    // A name that is a link by now had its entry forgotten, unless the link stood higher up: then it goes nowhere.
    const directory = failsWith([ERRNO.ENOENT, ERRNO.ENOTDIR, ERRNO.ELOOP], () =>
      openInRoot(purpose, this.#root.fd, name, flags),
    );
    if (directory === undefined) return;
    using opened = directory;
    setAttributes(purpose, opened.fd, entry, undefined);
  }

  #walk(purpose: Purpose, path: ByteString): OwnedFd | undefined {
    return failsWith([ERRNO.ENOENT, ERRNO.ENOTDIR], () =>
      openInRoot(purpose, this.#root.fd, cBytes(path), O.O_PATH | O.O_DIRECTORY),
    );
  }

  /**
   * Make a directory unless there is one; returns a descriptor of its parent.
   *
   * Something else of that name gives way to a directory that has an entry, and to no other.
   */
  #create(purpose: Purpose, path: ByteString, hasEntry: boolean): number {
    const { parent, base } = splitPath(path);
    const parentFd = this.at(purpose, parent);
    const name = cBytes(base);
    const make = (fd: number): true => {
      makeDirectory(purpose, fd, name);
      return true;
    };
    if (failsWith([ERRNO.EEXIST], () => make(parentFd)) === true) return parentFd;
    const there = statAt(purpose, parentFd, name);
    const type = there.mode & S.S_IFMT;
    if (type === S.S_IFDIR) return parentFd;
    const isWhiteout = type === S.S_IFCHR && there.deviceOfNode === 0;
    if (!hasEntry && !isWhiteout) {
      const kind = type === S.S_IFLNK ? 'a symbolic link that leads nowhere' : 'no directory';
      throw corrupt('unpack layer', `there are entries below ${toText(path)}, which is ${kind}`);
    }
    unlink(purpose, parentFd, name);
    this.forget(path);
    const again = this.at(purpose, parent);
    make(again);
    // A whiteout and a directory of one name: the directory hides the one below instead of joining it.
    if (isWhiteout) setXattrAt(purpose, again, base, OPAQUE, Buffer.from('y'));
    return again;
  }

  #keep(path: ByteString, directory: OwnedFd): number {
    const oldest = this.#open.size >= MAX_OPEN ? this.#open.entries().next().value : undefined;
    if (oldest !== undefined) {
      this.#open.delete(oldest[0]);
      oldest[1].close();
    }
    this.#open.set(path, directory);
    return directory.fd;
  }

  #closeAll(): void {
    for (const directory of this.#open.values()) directory.close();
    this.#open.clear();
  }
}
