import { existsSync, readFileSync } from 'node:fs';

import type { Digest } from '../digest.js';
import { corrupt } from '../failure.js';
import { parseJson } from '../json.js';
import { ANNOTATIONS, type Descriptor, indexSchema, MEDIA_TYPES } from '../schema/manifest.js';
import type { BlobStore } from './blobs.js';
import { replaceFile, type StoreLayout } from './layout.js';
import { type ResolvedImage, resolveImage } from './resolve.js';

/** An image with everything that leads to it. */
export interface IndexedImage {
  /** What its descriptor leads to; of several descriptors the first. */
  readonly resolved: ResolvedImage;
  /** Complete names, with the digest of the descriptor that each belongs to. */
  readonly names: readonly { readonly name: string; readonly digest: Digest }[];
}

interface State {
  readonly descriptors: readonly Descriptor[];
  readonly images: ReadonlyMap<Digest, IndexedImage>;
  readonly names: ReadonlyMap<string, Digest>;
}

/**
 * The images of a store: `index.json`, one descriptor for each name and one for an image without.
 *
 * @remarks
 * Everything is in memory too, so that a list never waits. Changes are made one after the other; one that fails changes
 * nothing.
 */
export class ImageIndex {
  readonly #layout: StoreLayout;
  readonly #blobs: BlobStore;
  readonly #resolved = new Map<Digest, ResolvedImage>();
  #state: State = { descriptors: [], images: new Map(), names: new Map() };
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(layout: StoreLayout, blobs: BlobStore) {
    this.#layout = layout;
    this.#blobs = blobs;
  }

  /**
   * Read the index of a store.
   *
   * @param report - Told of an image that is not usable; it stays in the index and is not listed.
   * @throws NsError `ERR_NS_CORRUPT` when `index.json` is no index.
   */
  static async open(
    layout: StoreLayout,
    blobs: BlobStore,
    report: (problem: Error) => void,
  ): Promise<ImageIndex> {
    const index = new ImageIndex(layout, blobs);
    const path = layout.indexFile;
    if (!existsSync(path)) await index.#write([]);
    const { manifests } = parseJson('image store', path, readFileSync(path), indexSchema);
    for (const descriptor of manifests) {
      try {
        await index.resolve(descriptor);
      } catch (error) {
        const shown = nameOf(descriptor) ?? descriptor.digest;
        report(corrupt('image store', `${shown} is not usable`, { hint: 'load it again', cause: error }));
      }
    }
    index.#state = index.#stateOf(manifests);
    return index;
  }

  /** All images, by id. */
  get images(): ReadonlyMap<Digest, IndexedImage> {
    return this.#state.images;
  }

  /** The id of the image that has a complete name. */
  idOfName(fullName: string): Digest | undefined {
    return this.#state.names.get(fullName);
  }

  /** All descriptors. */
  get descriptors(): readonly Descriptor[] {
    return this.#state.descriptors;
  }

  /** What a descriptor of the store leads to. Remembered: blobs do not change. */
  async resolve(descriptor: Descriptor): Promise<ResolvedImage> {
    const known = this.#resolved.get(descriptor.digest);
    if (known !== undefined) return known;
    const { annotations: _, ...plain } = descriptor;
    const resolved = await resolveImage('image store', this.#blobs, plain);
    this.#resolved.set(descriptor.digest, resolved);
    return resolved;
  }

  /** What was found behind a descriptor when it was read; undefined for one that is not usable. */
  known(digest: Digest): ResolvedImage | undefined {
    return this.#resolved.get(digest);
  }

  /** Forget what a descriptor leads to, when its blobs are removed. */
  forget(digest: Digest): void {
    this.#resolved.delete(digest);
  }

  /**
   * Change the index. Waits for changes that were asked for before.
   *
   * @param change - Given all descriptors, the new ones and a result. It may throw.
   */
  async update<Result>(
    change: (descriptors: readonly Descriptor[]) => {
      readonly descriptors: readonly Descriptor[];
      readonly result: Result;
    },
  ): Promise<Result> {
    const run = this.#queue.then(async () => {
      const { descriptors, result } = change(this.#state.descriptors);
      if (descriptors === this.#state.descriptors) return result;
      for (const descriptor of descriptors) {
        // Those that were not usable before are left as they are.
        if (!this.#state.descriptors.includes(descriptor)) await this.resolve(descriptor);
      }
      await this.#write(descriptors);
      this.#state = this.#stateOf(descriptors);
      return result;
    });
    // A change that failed does not stop the ones behind it.
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** Wait for the changes that were asked for. */
  async settle(): Promise<void> {
    await this.#queue;
  }

  async #write(manifests: readonly Descriptor[]): Promise<void> {
    await using workspace = await this.#layout.workspace();
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests };
    await replaceFile(workspace.newPath(), this.#layout.indexFile, JSON.stringify(index));
  }

  #stateOf(descriptors: readonly Descriptor[]): State {
    const images = new Map<Digest, { resolved: ResolvedImage; names: { name: string; digest: Digest }[] }>();
    const names = new Map<string, Digest>();
    for (const descriptor of descriptors) {
      const resolved = this.#resolved.get(descriptor.digest);
      if (resolved === undefined) continue;
      const image = images.get(resolved.id) ?? { resolved, names: [] };
      images.set(resolved.id, image);
      const name = nameOf(descriptor);
      if (name === undefined) continue;
      image.names.push({ name, digest: descriptor.digest });
      names.set(name, resolved.id);
    }
    return { descriptors, images, names };
  }
}

/** The complete name that a descriptor of the store has. */
export const nameOf = (descriptor: Descriptor): string | undefined =>
  descriptor.annotations?.[ANNOTATIONS.imageName];

/** A descriptor of the store, with or without a name. */
export function named(descriptor: Descriptor, fullName: string | undefined): Descriptor {
  const { annotations: _, ...plain } = descriptor;
  if (fullName === undefined) return plain;
  // Tools that read OCI layouts look for one or the other.
  const annotations = { [ANNOTATIONS.imageName]: fullName, [ANNOTATIONS.refName]: fullName };
  return { ...plain, annotations };
}
