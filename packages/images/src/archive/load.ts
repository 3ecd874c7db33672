import { decode } from '../decompress.js';
import type { Digest } from '../digest.js';
import { corrupt } from '../failure.js';
import { familiarTag, parseReference } from '../reference.js';
import { layerType } from '../schema/manifest.js';
import { readInPieces } from '../store/blobs.js';
import {
  beginLease,
  enterDescriptor,
  enterImage,
  type StoreContext,
  type StoredLayer,
} from '../store/context.js';
import type { Image } from '../store/image.js';
import type { Lease } from '../store/leases.js';
import { diffIdOf } from '../store/unpack.js';
import { type ArchivedImage, imagesOf } from './contents.js';
import { type LoadEvent, Throttle } from './progress.js';
import { Queue } from './queue.js';
import { spool, type SpooledArchive, type SpooledFile } from './spool.js';

const OPERATION = 'load image';

/** Load an archive; see `ImageStore.load`. */
export async function* loadImages(
  store: StoreContext,
  source: AsyncIterable<Uint8Array>,
  options: { readonly limitBytes: number; readonly describe: (id: Digest) => Image },
): AsyncGenerator<LoadEvent> {
  await using lease = beginLease(store);
  await using workspace = await store.layout.workspace();
  const { content } = await decode(OPERATION, source);
  const archive = yield* spool(content, workspace, options.limitBytes);
  // All are checked before the first is entered: an archive that is damaged somewhere is not loaded in part.
  const images = await imagesOf(archive);
  for (const image of images) yield* storeLayers(store, lease, image);
  for (const image of images) {
    const id = await enter(store, lease, image, archive);
    const refs = image.fullNames.map((name) => familiarTag(parseReference(name)));
    yield { kind: 'loaded', image: options.describe(id), refs };
  }
}

async function* storeLayers(
  store: StoreContext,
  lease: Lease,
  image: ArchivedImage,
): AsyncGenerator<LoadEvent> {
  for (const [at, file] of image.layers.entries()) {
    const diffId = image.config.rootfs.diff_ids[at];
    if (diffId === undefined) continue;
    lease.hold(diffId, file.digest);
    try {
      yield* storeLayer(store, diffId, file);
    } catch (error) {
      throw corruptLayer(at, diffId, error);
    }
    yield { kind: 'layer', diffId, bytes: file.sizeBytes, isDone: true };
  }
}

async function* storeLayer(
  store: StoreContext,
  diffId: Digest,
  file: SpooledFile,
): AsyncGenerator<LoadEvent> {
  const open = (): AsyncIterable<Buffer> => readInPieces(file.path);
  const throttle = new Throttle();
  const progress = new Queue<number>();
  const work = store.layers.ensure(diffId, open, {
    onProgress: (bytes) => {
      if (throttle.isDue()) progress.push(bytes);
    },
    digest: file.form === undefined ? () => file.digest : undefined,
  });
  const end = (): void => progress.end();
  work.then(end, end);
  let isLookedAt = false;
  try {
    for await (const bytes of progress) yield { kind: 'layer', diffId, bytes, isDone: false };
  } finally {
    // Also when nobody wants to hear more: what it works on is not taken away under it.
    isLookedAt = await work;
  }
  if (!isLookedAt) await checkLayer(store, diffId, file);
}

/**
 * Check an archive that says that it is a layer which is unpacked already. Believing it would store an archive of
 * something else.
 */
async function checkLayer(store: StoreContext, diffId: Digest, file: SpooledFile): Promise<void> {
  const isKnown = [...store.index.images.values()].some(({ resolved: { config, manifest } }) =>
    config.rootfs.diff_ids.some((one, at) => one === diffId && manifest.layers[at]?.digest === file.digest),
  );
  if (isKnown) return;
  const plain = file.form === undefined ? file.digest : await plainDigest(file);
  if (plain === diffId) return;
  throw corrupt(OPERATION, `its archive has the digest ${plain} in the place of ${diffId}`);
}

async function plainDigest(file: SpooledFile): Promise<Digest> {
  const { content } = await decode(OPERATION, readInPieces(file.path));
  return diffIdOf(content);
}

/** Which layer it is, in front of what is wrong with it. */
function corruptLayer(at: number, diffId: Digest, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { readonly code?: unknown };
  if (code !== 'ERR_NS_CORRUPT') return error;
  return corrupt(OPERATION, `layer ${at + 1} (${diffId.slice(0, 19)}…): ${error.message}`, { cause: error });
}

async function enter(
  store: StoreContext,
  lease: Lease,
  image: ArchivedImage,
  archive: SpooledArchive,
): Promise<Digest> {
  if (image.oci !== undefined) {
    const { descriptor, blobs } = image.oci;
    lease.hold(...blobs);
    for (const digest of blobs) {
      const file = archive.findDigest(digest);
      if (file !== undefined) await store.blobs.adopt(file.path, digest);
    }
    await enterDescriptor(store, descriptor, image.fullNames);
    return image.configFile.digest;
  }
  const layers: StoredLayer[] = [];
  for (const [at, file] of image.layers.entries()) {
    const diffId = image.config.rootfs.diff_ids[at];
    if (diffId === undefined) continue;
    await store.blobs.adopt(file.path, file.digest);
    const mediaType = layerType(file.form);
    layers.push({ diffId, descriptor: { mediaType, digest: file.digest, size: file.sizeBytes } });
  }
  const config = archive.read(image.configFile, 'the configuration');
  return await enterImage(store, lease, { config, layers, fullNames: image.fullNames });
}
