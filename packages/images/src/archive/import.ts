import { applyChanges } from '../changes/changes.js';
import { decode } from '../decompress.js';
import type { Digest } from '../digest.js';
import { fullName, parseTag } from '../reference.js';
import type { ImageConfig } from '../schema/config.js';
import { layerType, type Platform } from '../schema/manifest.js';
import { hostPlatform } from '../schema/platform.js';
import { beginLease, enterImage, type StoreContext } from '../store/context.js';
import { StreamCopy } from './copy.js';

/** How an archive of a root file system becomes an image. */
export interface ImportOptions {
  /** A name: `debian:bookworm`. Without one the image is known by its id. */
  readonly ref?: string | undefined;
  /** Dockerfile instructions that say what the image runs: `CMD ["/bin/bash"]`. */
  readonly changes?: readonly string[] | undefined;
  /** Kept in the image's history. */
  readonly message?: string | undefined;
  /** What the file system runs on; this machine by default. */
  readonly platform?: Platform | undefined;
  /** Now by default. A fixed one makes the same archive the same image. */
  readonly created?: Date | undefined;
  /** Told now and then how many bytes of the plain archive were read. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Import an archive; see `ImageStore.import`. */
export async function importImage(
  store: StoreContext,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Digest> {
  // Everything that can be refused is, before anything is read.
  const names = options.ref === undefined ? [] : [fullName(parseTag(options.ref))];
  const config = applyChanges(options.changes ?? []);
  await using lease = beginLease(store);
  await using workspace = await store.layout.workspace();
  const blobPath = workspace.newPath();
  await using copy = await StreamCopy.open(blobPath);
  const { compression, content } = await decode('import image', copy.read(source));
  const layer = await store.layers.unpack(content, workspace, {
    endMark: true,
    onProgress: options.onProgress,
    digest: compression === 'none' ? () => copy.digest() : undefined,
  });
  const { digest, sizeBytes } = await copy.finish();
  const { diffId } = layer.record;
  lease.hold(digest, diffId);
  await store.blobs.adopt(blobPath, digest);
  store.layers.adopt(layer);
  return await enterImage(store, lease, {
    config: Buffer.from(JSON.stringify(imageConfig(diffId, config, options))),
    layers: [{ diffId, descriptor: { mediaType: layerType(compression), digest, size: sizeBytes } }],
    fullNames: names,
  });
}

function imageConfig(diffId: Digest, config: ImageConfig['config'], options: ImportOptions): ImageConfig {
  const { architecture, os, variant } = options.platform ?? hostPlatform();
  const created = (options.created ?? new Date()).toISOString();
  const comment = options.message ?? 'Imported from -';
  return {
    architecture,
    comment,
    config,
    created,
    history: [{ created, comment }],
    os,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    ...(variant === undefined ? {} : { variant }),
  };
}
