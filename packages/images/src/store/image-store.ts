import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

import type { OwnedFd } from '@ns/syscall';

import { addBuiltinImage, type BuiltinImage } from '../archive/builtin.js';
import { importImage, type ImportOptions } from '../archive/import.js';
import { loadImages } from '../archive/load.js';
import type { LoadEvent } from '../archive/progress.js';
import { saveImages } from '../archive/save.js';
import type { Digest } from '../digest.js';
import type { ExtractLimits } from '../extract/extractor.js';
import { notFound } from '../failure.js';
import { familiarName, familiarTag, fullName, parseReference, parseTag } from '../reference.js';
import type { Descriptor } from '../schema/manifest.js';
import { BlobStore, readInPieces } from './blobs.js';
import { beginLease, type StoreContext } from './context.js';
import type { DescribedDirectory } from './described-directories.js';
import { collect, collectLeftovers } from './garbage.js';
import { type HistoryItem, historyOf } from './history.js';
import { dateOf, type Image } from './image.js';
import { ImageIndex, type IndexedImage } from './image-index.js';
import { withName } from './index-changes.js';
import { LayerStore } from './layers.js';
import { StoreLayout } from './layout.js';
import { Leases } from './leases.js';
import { lockStore } from './lock.js';
import { lookUp } from './lookup.js';
import { planRemoval, type RemovedItem, type RemoveOptions } from './removal.js';
import type { ResolvedImage } from './resolve.js';
import { type Snapshot, SnapshotStore } from './snapshots.js';
import { planOf, stackOf } from './stack.js';

/** How a store is opened. */
export interface StoreOptions {
  /** What a layer, and an archive of images, may have at most. By default 4 million entries and 1 TiB. */
  readonly limits?: Partial<ExtractLimits> | undefined;
  /** Told of what is wrong in the store and does not stop its use: an image that lacks a blob, a record that is lost. */
  readonly onProblem?: ((problem: Error) => void) | undefined;
}

const DEFAULT_LIMITS: ExtractLimits = { entries: 4_000_000, dataBytes: 2 ** 40 };

/**
 * Images on disk: an OCI image layout, the layers unpacked for the overlay file system, and the writable layers of
 * containers.
 *
 * @remarks
 * Needs root: layers have owners, device files and trusted extended attributes. Needs a file system that an overlay can
 * stand on (ext4, XFS with `ftype=1`, btrfs). The directory is made accessible to root alone.
 *
 * Whatever happens to the process or the machine, what was entered stays and what was not is gone when the store is
 * opened the next time. Any number of operations may go on at once in one process; another process is kept out by a
 * lock.
 *
 * @example
 * ```ts
 * await using store = await ImageStore.open('/var/lib/ns/images');
 * const image = await store.import('rootfs.tar', { ref: 'debian:bookworm', changes: ['CMD ["bash"]'] });
 * const { lower, upper, work } = await store.snapshot('web', image.id);
 * ```
 */
export class ImageStore implements AsyncDisposable {
  readonly #context: StoreContext;
  readonly #limits: ExtractLimits;
  readonly #lock: OwnedFd;
  /** By manifest: layers do not change. */
  readonly #plans = new Map<Digest, readonly DescribedDirectory[]>();

  private constructor(context: StoreContext, limits: ExtractLimits, lock: OwnedFd) {
    this.#context = context;
    this.#limits = limits;
    this.#lock = lock;
  }

  /**
   * Open a store, or create one.
   *
   * @param directory - Created when it is not there.
   * @throws NsError `ERR_NS_CONFLICT` when the store is open already; `ERR_NS_CORRUPT` when `index.json` cannot be read.
   */
  static async open(directory: string, options: StoreOptions = {}): Promise<ImageStore> {
    const report = options.onProblem ?? ((): void => {});
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const layout = new StoreLayout(resolve(directory));
    layout.create();
    const lock = lockStore(layout.lockFile);
    try {
      await layout.clean('ingest', report);
      const blobs = new BlobStore(layout);
      const index = await ImageIndex.open(layout, blobs, report);
      const snapshots = new SnapshotStore(layout, report);
      // What a snapshot needs is known even if its image was removed.
      for (const { manifest } of snapshots.records) await index.resolve(manifest).catch(report);
      const layers = new LayerStore(layout, limits, report);
      const context = { layout, blobs, index, snapshots, layers, leases: new Leases() };
      await collectLeftovers(context);
      await layout.clean('trash', report);
      return new ImageStore(context, limits, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Wait until all is on disk, and let another process have the store. Operations must be over. */
  async close(): Promise<void> {
    if (!this.#lock.isOpen) return;
    await this.#context.index.settle();
    await this.#context.layers.close();
    this.#lock.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** All images, the newest first. Never waits. */
  list(): Image[] {
    const images = [...this.#context.index.images.keys()].map((id) => this.#image(id));
    return images.toSorted((a, b) => (b.created?.getTime() ?? 0) - (a.created?.getTime() ?? 0));
  }

  /**
   * An image by name (`busybox`, `busybox:1.36`, `busybox@sha256:…`), id, or the beginning of an id that no other has.
   *
   * @throws NsError `ERR_NS_NOT_FOUND`; `ERR_NS_INVALID_ARGUMENT` for what is no name, and for the beginning of several
   * ids.
   */
  get(refOrId: string): Image {
    return this.#image(lookUp(this.#context.index, refOrId).id);
  }

  /** The steps in which an image was made, the last one first. Throws as {@link ImageStore.get}. */
  history(refOrId: string): HistoryItem[] {
    return historyOf(this.get(refOrId), (diffId) => this.#sizeOf(diffId));
  }

  /**
   * Make an image of a tar archive of a root file system, as `docker import` does.
   *
   * @param source - The archive, plain or packed with gzip (or zstd, from Node 22.15 on), or its path.
   * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a bad name or change, before anything is read; `ERR_NS_CORRUPT` for an
   * archive that is damaged, cut off or hostile; `ERR_NS_UNSUPPORTED` for one packed in another way.
   */
  async import(source: AsyncIterable<Uint8Array> | string, options: ImportOptions = {}): Promise<Image> {
    const stream = typeof source === 'string' ? readInPieces(source) : source;
    return this.#image(await importImage(this.#context, stream, options));
  }

  /**
   * Load the images of an archive that `docker save` or another tool wrote: Docker's form, old and new, or OCI's.
   *
   * @remarks
   * All digests are checked. Either all images of the archive are entered or none. Of an image for several platforms
   * this machine's is loaded. A name that led to another image leads to the new one; the other stays, without it.
   *
   * @param source - The archive, plain or packed, or its path.
   * @returns What happens, as it happens. Loading goes on as events are asked for.
   * @throws NsError As {@link ImageStore.import}.
   */
  load(source: AsyncIterable<Uint8Array> | string): AsyncGenerator<LoadEvent, void> {
    const stream = typeof source === 'string' ? readInPieces(source) : source;
    const describe = (id: Digest): Image => this.#image(id);
    return loadImages(this.#context, stream, { limitBytes: this.#limits.dataBytes, describe });
  }

  /**
   * An archive of images that Docker (1.10 and newer), Podman, containerd, skopeo and this store load.
   *
   * @remarks
   * Both forms in one, as Docker writes since version 25: an OCI layout, and `manifest.json` for older programs. Layers
   * are in it as they are stored.
   *
   * @param refs - Names and ids. A name without a tag means all tags of that name.
   * @throws NsError As {@link ImageStore.get}, at once.
   */
  save(refs: readonly string[]): Readable {
    return saveImages(this.#context, refs);
  }

  /**
   * Give an image one more name. Another image that had it loses it.
   *
   * @param ref - `name[:tag]`
   * @throws NsError `ERR_NS_INVALID_ARGUMENT` for what is no name; as {@link ImageStore.get} for the image.
   */
  async tag(refOrId: string, ref: string): Promise<void> {
    const name = fullName(parseTag(ref));
    const { index } = this.#context;
    const { id } = lookUp(index, refOrId);
    await index.update((descriptors) => {
      const image = index.images.get(id);
      // It may have been removed while changes asked for earlier were made.
      if (image === undefined) throw notFound('image', `no such image: ${refOrId}`);
      return {
        descriptors: withName(descriptors, image.resolved.descriptor, name, this.#idOf),
        result: undefined,
      };
    });
  }

  /**
   * Remove a name of an image, or an image. The rules are Docker's, see {@link RemoveOptions}.
   *
   * @returns What was done. The space is free when this returns, except that of layers on which a snapshot stands.
   * @throws NsError `ERR_NS_CONFLICT` when the image is in use or has several names; as {@link ImageStore.get}.
   */
  async remove(refOrId: string, options: RemoveOptions = {}): Promise<readonly RemovedItem[]> {
    const { index, snapshots } = this.#context;
    const before = new Map<Digest, ResolvedImage>();
    const items = await index.update((descriptors) => {
      const found = lookUp(index, refOrId);
      const own = snapshots.records.filter(({ imageId }) => imageId === found.id);
      const users = [
        ...(options.users?.(found.id) ?? []),
        ...own.map(({ containerId }) => ({ containerId, isRunning: false })),
      ];
      const force = options.force ?? false;
      const plan = planRemoval({ found, force, users, index, descriptors, idOf: this.#idOf });
      for (const { digest } of descriptors) {
        const resolved = index.known(digest);
        if (resolved?.id === found.id) before.set(digest, resolved);
      }
      return { descriptors: plan.descriptors, result: plan.items };
    });
    await this.#collect([...before.values()]);
    return items;
  }

  /**
   * Enter an image made of files in memory, unless it is there. A name that leads to an image of the user's stays so.
   *
   * @returns The image that has the name.
   */
  async addBuiltin(image: BuiltinImage): Promise<Image> {
    return this.#image(await addBuiltinImage(this.#context, image));
  }

  /**
   * The layers of an image, unpacked: lower directories of an overlay, topmost first, at least one.
   *
   * @remarks
   * They are the store's and must not be changed. They stay while the image does; a {@link ImageStore.snapshot} keeps
   * them longer. A layer that a loss of power may have damaged is unpacked again, which takes its time.
   */
  async lowerDirectories(refOrId: string): Promise<string[]> {
    const { id } = lookUp(this.#context.index, refOrId);
    const { resolved } = this.#indexed(id);
    await using lease = beginLease(this.#context);
    lease.hold(...resolved.blobs, ...resolved.config.rootfs.diff_ids);
    return await this.#unpacked(resolved);
  }

  /**
   * Make the writable layer of a container.
   *
   * @remarks
   * The upper directory has the attributes of the image's root, and of other directories where layers leave them open.
   *
   * @param containerId - Letters, digits, `_`, `.` and `-`, at most 128.
   * @throws NsError `ERR_NS_CONFLICT` when the container has one; `ERR_NS_INVALID_ARGUMENT`; as {@link ImageStore.get}.
   */
  async snapshot(containerId: string, refOrId: string): Promise<Snapshot> {
    const { snapshots, index } = this.#context;
    snapshots.check(containerId);
    const { id } = lookUp(index, refOrId);
    const { resolved } = this.#indexed(id);
    await using lease = beginLease(this.#context);
    lease.hold(...resolved.blobs, ...resolved.config.rootfs.diff_ids);
    const lower = await this.#unpacked(resolved);
    const { mediaType, digest, size } = resolved.descriptor;
    const record = { containerId, imageId: id, manifest: { mediaType, digest, size } };
    await snapshots.create(record, this.#planOf(resolved));
    return { containerId, imageId: id, lower, ...snapshots.directories(containerId) };
  }

  /**
   * The writable layer of a container that was made before, also by another process.
   *
   * @throws NsError `ERR_NS_NOT_FOUND`
   */
  async getSnapshot(containerId: string): Promise<Snapshot> {
    const { snapshots, index } = this.#context;
    const { imageId, manifest } = snapshots.record(containerId);
    const lower = await this.#unpacked(await index.resolve(manifest));
    return { containerId, imageId, lower, ...snapshots.directories(containerId) };
  }

  /** The containers that have a writable layer, and the images these stand on. Never waits. */
  listSnapshots(): { readonly containerId: string; readonly imageId: Digest }[] {
    return this.#context.snapshots.records.map(({ containerId, imageId }) => ({ containerId, imageId }));
  }

  /**
   * Remove the writable layer of a container, and the image's layers if nothing else needs them. Does nothing when there
   * is none.
   *
   * @throws NsError `ERR_NS_CONFLICT` when something is mounted in it.
   */
  async removeSnapshot(containerId: string): Promise<void> {
    const { snapshots, index } = this.#context;
    const record = await snapshots.remove(containerId);
    const image = record === undefined ? undefined : index.known(record.manifest.digest);
    if (image !== undefined) await this.#collect([image]);
  }

  readonly #idOf = ({ digest }: Descriptor): Digest | undefined => this.#context.index.known(digest)?.id;

  #indexed(id: Digest): IndexedImage {
    const image = this.#context.index.images.get(id);
    if (image === undefined) throw notFound('image', `no such image: ${id}`);
    return image;
  }

  async #collect(images: readonly ResolvedImage[]): Promise<void> {
    const digests = images.flatMap(({ blobs, config }) => [...blobs, ...config.rootfs.diff_ids]);
    await collect(this.#context, digests);
    for (const { descriptor } of images) {
      if (this.#context.index.known(descriptor.digest) === undefined) this.#plans.delete(descriptor.digest);
    }
  }

  /** Have the layers of an image unpacked. */
  async #unpacked({ manifest, config }: ResolvedImage): Promise<string[]> {
    const { layers, blobs, layout } = this.#context;
    for (const [at, diffId] of config.rootfs.diff_ids.entries()) {
      const digest = manifest.layers[at]?.digest;
      if (digest !== undefined) await layers.ensure(diffId, () => blobs.stream(digest));
    }
    const stack = stackOf(config, layers);
    return stack.length === 0 ? [layout.emptyDirectory] : stack.map((diffId) => layers.directory(diffId));
  }

  #planOf({ descriptor, config }: ResolvedImage): readonly DescribedDirectory[] {
    const { layers } = this.#context;
    const known = this.#plans.get(descriptor.digest);
    const plan = known ?? planOf(stackOf(config, layers), layers);
    this.#plans.set(descriptor.digest, plan);
    return plan;
  }

  #sizeOf(diffId: Digest): number {
    return this.#context.layers.record(diffId)?.sizeBytes ?? 0;
  }

  #image(id: Digest): Image {
    const { resolved, names } = this.#indexed(id);
    const { config, manifest } = resolved;
    const references = names.map(({ name, digest }) => ({ reference: parseReference(name), digest }));
    const layers = config.rootfs.diff_ids.flatMap((diffId, at) => {
      const layer = manifest.layers[at];
      if (layer === undefined) return [];
      const { digest, mediaType, size } = layer;
      return [{ diffId, digest, mediaType, sizeBytes: size }];
    });
    const repoDigests = references.map(({ reference, digest }) => `${familiarName(reference)}@${digest}`);
    return {
      id,
      tags: references.map(({ reference }) => familiarTag(reference)).toSorted(),
      repoDigests: [...new Set(repoDigests)].toSorted(),
      created: dateOf(config.created),
      sizeBytes: layers.reduce((sum, { diffId }) => sum + this.#sizeOf(diffId), 0),
      config,
      layers,
    };
  }
}
