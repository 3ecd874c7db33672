import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { O, openat2, type OwnedFd } from '@ns/syscall';

import { removeTree } from '../at/remove-tree.js';
import { cBytes, fromText } from '../byte-string.js';
import { type Digest, hexOf } from '../digest.js';

/**
 * Where things are in a store.
 *
 * - `oci-layout`, `index.json`, `blobs/sha256/HEX`: an OCI image layout, which other tools can read.
 * - `layers/HEX/diff`: a layer unpacked, by the digest of its plain archive; `layer.json` beside it.
 * - `rw/CONTAINER/upper` and `work`: what a container changes; `snapshot.json` beside them.
 * - `ingest`: what is being made. It becomes part of the store by a rename. Emptied when a store is opened.
 * - `trash`: what is being removed. It stops being part of the store by a rename. Emptied likewise.
 */
export class StoreLayout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get indexFile(): string {
    return join(this.root, 'index.json');
  }

  get lockFile(): string {
    return join(this.root, 'store.lock');
  }

  get blobsDirectory(): string {
    return join(this.root, 'blobs/sha256');
  }

  get layersDirectory(): string {
    return join(this.root, 'layers');
  }

  get containersDirectory(): string {
    return join(this.root, 'rw');
  }

  /** An empty directory, in the place of the layers of an image that has none. */
  get emptyDirectory(): string {
    return join(this.root, 'empty');
  }

  /** The file of a blob. */
  blob(digest: Digest): string {
    return join(this.blobsDirectory, hexOf(digest));
  }

  /** The directory of a layer. */
  layer(diffId: Digest): string {
    return join(this.layersDirectory, hexOf(diffId));
  }

  /** The directory of a container's changes. */
  container(id: string): string {
    return join(this.containersDirectory, id);
  }

  /** A directory of its own for something that is being made, removed with all that is left in it in the end. */
  async workspace(): Promise<Workspace> {
    const path = join(this.root, 'ingest', randomUUID());
    await mkdir(path, { mode: 0o700 });
    return new Workspace(this, path);
  }

  /** Make something cease to be part of the store, at once. Its space is freed with {@link TrashItem.remove}. */
  throwAway(path: string): TrashItem {
    const name = randomUUID();
    if (existsSync(path)) renameSync(path, join(this.root, 'trash', name));
    return { remove: () => this.#removeFrom('trash', name) };
  }

  /** Create what is missing. */
  create(): void {
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    // Layers hold set-id programs and device files: nobody else may reach them.
    chmodSync(this.root, 0o700);
    for (const name of ['blobs/sha256', 'layers', 'rw', 'ingest', 'trash', 'empty']) {
      mkdirSync(join(this.root, name), { recursive: true, mode: 0o700 });
    }
    // It becomes the root directory of a container.
    chmodSync(this.emptyDirectory, 0o755);
    const marker = join(this.root, 'oci-layout');
    if (!existsSync(marker)) writeFileSync(marker, '{"imageLayoutVersion":"1.0.0"}');
  }

  /**
   * Take away what a process that died had not finished making or removing.
   *
   * @param report - Told of what cannot be taken away, which does no harm.
   */
  async clean(folder: 'ingest' | 'trash', report: (problem: Error) => void): Promise<void> {
    for (const name of await readdir(join(this.root, folder))) {
      await this.#removeFrom(folder, name).catch(report);
    }
  }

  async #removeFrom(folder: string, name: string): Promise<void> {
    const path = join(this.root, folder);
    using directory = openDirectory(path);
    await removeTree(join(path, name), directory.fd, cBytes(fromText(name)));
  }
}

/** Something that was thrown away. */
export interface TrashItem {
  /** Free its space. Nothing is lost when that does not happen: it is done when the store is opened the next time. */
  remove(): Promise<void>;
}

/** A directory for something that is being made. */
export class Workspace implements AsyncDisposable {
  readonly #layout: StoreLayout;
  readonly path: string;

  constructor(layout: StoreLayout, path: string) {
    this.#layout = layout;
    this.path = path;
  }

  /** A path for a new file or directory in it. */
  newPath(): string {
    return join(this.path, randomUUID());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using parent = openDirectory(join(this.#layout.root, 'ingest'));
    const name = this.path.slice(this.path.lastIndexOf('/') + 1);
    await removeTree(this.path, parent.fd, cBytes(name));
  }
}

/** Open a directory of the store's own. */
export function openDirectory(path: string): OwnedFd {
  return openat2(path, { flags: O.O_RDONLY | O.O_DIRECTORY });
}

/** Write what a directory lists to disk: only then a rename into it is sure to outlive a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replace a file by new content: a reader, and a machine that loses power, sees the old or the new.
 *
 * @param temporaryPath - On the same file system.
 */
export async function replaceFile(temporaryPath: string, path: string, content: string): Promise<void> {
  const handle = await open(temporaryPath, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporaryPath, path);
  await syncDirectory(join(path, '..'));
}
