import { createReadStream, existsSync, statSync } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';

import { type Digest, digestOf } from '../digest.js';
import { corrupt, notFound } from '../failure.js';
import { MAX_JSON_BYTES } from '../json.js';
import { type StoreLayout, syncDirectory } from './layout.js';

/** Bytes that are read at once. */
const READ_BYTES = 1024 * 1024;

/** The blobs of a store: files named by the digest of their content. */
export class BlobStore {
  readonly #layout: StoreLayout;

  constructor(layout: StoreLayout) {
    this.#layout = layout;
  }

  has(digest: Digest): boolean {
    return existsSync(this.#layout.blob(digest));
  }

  /** Bytes of a blob; zero when it is not there. */
  sizeOf(digest: Digest): number {
    return statSync(this.#layout.blob(digest), { throwIfNoEntry: false })?.size ?? 0;
  }

  /**
   * Make a file of the store's file system a blob. The file is gone afterwards, also when there is such a blob already.
   *
   * @param digest - Of the file's content, which the caller has computed.
   */
  async adopt(path: string, digest: Digest): Promise<void> {
    if (this.has(digest)) return;
    const handle = await open(path, 'r+');
    try {
      await handle.chmod(0o600);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(path, this.#layout.blob(digest));
    await syncDirectory(this.#layout.blobsDirectory);
  }

  /** Store bytes; returns what a descriptor says of them. */
  async put(content: Uint8Array | string): Promise<{ digest: Digest; size: number }> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const digest = digestOf(bytes);
    await using workspace = await this.#layout.workspace();
    const path = workspace.newPath();
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
    await this.adopt(path, digest);
    return { digest, size: bytes.length };
  }

  /**
   * A small blob, such as a manifest.
   *
   * @throws NsError `ERR_NS_NOT_FOUND`; `ERR_NS_CORRUPT` when its content does not have its digest.
   */
  async read(operation: string, digest: Digest): Promise<Buffer> {
    const path = this.#layout.blob(digest);
    if (!this.has(digest)) throw notFound(operation, `the store has no blob ${digest}`, { path });
    const { size } = await stat(path);
    if (size > MAX_JSON_BYTES)
      throw corrupt(operation, `the blob ${digest} is no manifest: it has ${size} bytes`);
    const bytes = await readFile(path);
    if (digestOf(bytes) === digest) return bytes;
    throw corrupt(operation, `the blob ${digest} was changed on disk`, {
      path,
      hint: 'remove the image and load it again',
    });
  }

  /** The content of a blob, as a stream. */
  stream(digest: Digest): AsyncIterable<Buffer> {
    return readInPieces(this.#layout.blob(digest));
  }
}

/** The content of a file, in pieces of 1 MiB. The file is opened when the first piece is asked for. */
export async function* readInPieces(path: string): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: READ_BYTES });
  for await (const chunk of stream) yield chunk as Buffer;
}
