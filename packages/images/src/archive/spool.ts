import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

import { Slices } from '../at/slices.js';
import { toText } from '../byte-string.js';
import { formOf } from '../decompress.js';
import { type Digest, Digester } from '../digest.js';
import { corrupt } from '../failure.js';
import { MAX_JSON_BYTES } from '../json.js';
import type { TarEntry, TarSink } from '../tar/entry.js';
import { TarReader } from '../tar/reader.js';
import type { Workspace } from '../store/layout.js';
import { type LoadEvent, Throttle } from './progress.js';

/** A file of an archive, on disk. */
export interface SpooledFile {
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** How it is packed; undefined when it is not. */
  readonly form: string | undefined;
}

/** Files in an archive of images. The largest have some hundreds. */
const MAX_FILES = 100_000;
/** Enough to tell how a file is packed. */
const HEAD_BYTES = 16;
/** Links that lead to links. */
const MAX_LINKS = 8;

/**
 * The files of an archive of images, under names of our own in a workspace.
 *
 * @remarks
 * Their names in the archive are keys and nothing else: no path is made of them. Links, by which older Docker shares
 * layers between images, are followed among these keys.
 */
export class SpooledArchive {
  readonly #files: ReadonlyMap<string, SpooledFile>;
  readonly #links: ReadonlyMap<string, string>;
  readonly #byDigest: ReadonlyMap<Digest, SpooledFile>;

  constructor(files: ReadonlyMap<string, SpooledFile>, links: ReadonlyMap<string, string>) {
    this.#files = files;
    this.#links = links;
    this.#byDigest = new Map([...files.values()].map((file) => [file.digest, file]));
  }

  /** A file by its path in the archive. */
  find(path: string): SpooledFile | undefined {
    let key = keyOf(path);
    for (let hops = 0; key !== undefined && hops <= MAX_LINKS; hops++) {
      const file = this.#files.get(key);
      if (file !== undefined) return file;
      const target = this.#links.get(key);
      if (target === undefined) return undefined;
      key = keyOf(target);
    }
    return undefined;
  }

  /** A file by its content. */
  findDigest(digest: Digest): SpooledFile | undefined {
    return this.#byDigest.get(digest);
  }

  /** @throws NsError `ERR_NS_CORRUPT` when it is too large to be a manifest. */
  read(file: SpooledFile, subject: string): Buffer {
    if (file.sizeBytes <= MAX_JSON_BYTES) return readFileSync(file.path);
    throw corrupt(
      'load image',
      `${subject} has ${file.sizeBytes} bytes, where at most ${MAX_JSON_BYTES} are read`,
    );
  }
}

/** A path without `.` and what `..` takes back; undefined when it leads out. */
function keyOf(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

interface OpenFile {
  readonly key: string;
  readonly path: string;
  readonly fd: number;
  readonly digester: Digester;
  /** Its first bytes. */
  head: Buffer;
}

/** Collects the files of an archive. */
class Spooler implements TarSink, Disposable {
  readonly files = new Map<string, SpooledFile>();
  readonly links = new Map<string, string>();
  readonly #workspace: Workspace;
  readonly #limitBytes: number;
  #open: OpenFile | undefined;
  #bytes = 0;

  constructor(workspace: Workspace, limitBytes: number) {
    this.#workspace = workspace;
    this.#limitBytes = limitBytes;
  }

  entry(entry: TarEntry): void {
    const name = toText(entry.name);
    const key = keyOf(name);
    if (key === undefined || key === '') return;
    if (this.files.size + this.links.size >= MAX_FILES) {
      throw corrupt('load image', `the archive has more than ${MAX_FILES} files`);
    }
    const target = toText(entry.linkName);
    if (entry.type === 'symlink') this.links.set(key, `${key}/../${target}`);
    else if (entry.type === 'hardlink') this.links.set(key, target);
    else if (entry.type === 'file') {
      if (entry.sparse !== undefined) throw corrupt('load image', `${name} is a sparse file`);
      const path = this.#workspace.newPath();
      this.#open = {
        key,
        path,
        fd: openSync(path, 'wx', 0o600),
        digester: new Digester(),
        head: Buffer.alloc(0),
      };
    }
  }

  data(chunk: Buffer): void {
    if (this.#open === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limitBytes) {
      throw corrupt(
        'load image',
        `the archive has more than the ${this.#limitBytes} bytes that are accepted`,
      );
    }
    const { fd, digester, head } = this.#open;
    if (head.length < HEAD_BYTES) this.#open.head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
    digester.update(chunk);
    for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
  }

  end(): void {
    if (this.#open === undefined) return;
    const { key, path, digester, head } = this.#open;
    this[Symbol.dispose]();
    const { sizeBytes } = digester;
    this.links.delete(key);
    this.files.set(key, { path, digest: digester.digest(), sizeBytes, form: formOf(head) });
  }

  [Symbol.dispose](): void {
    if (this.#open === undefined) return;
    const { fd } = this.#open;
    this.#open = undefined;
    closeSync(fd);
  }
}

/** Read an archive into files of a workspace. */
export async function* spool(
  content: AsyncIterable<Buffer>,
  workspace: Workspace,
  limitBytes: number,
): AsyncGenerator<LoadEvent, SpooledArchive> {
  using spooler = new Spooler(workspace, limitBytes);
  const reader = new TarReader(spooler);
  const slices = new Slices();
  const throttle = new Throttle();
  let bytes = 0;
  for await (const chunk of content) {
    reader.push(chunk);
    bytes += chunk.length;
    if (throttle.isDue()) yield { kind: 'reading', bytes };
    await slices.pause();
  }
  reader.finish({ endMark: true });
  return new SpooledArchive(spooler.files, spooler.links);
}
