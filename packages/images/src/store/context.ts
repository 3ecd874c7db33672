import { collect, type Roots } from './garbage.js';
import type { Descriptor } from '../schema/manifest.js';
import { MEDIA_TYPES } from '../schema/manifest.js';
import { type Digest, digestOf } from '../digest.js';
import { withName } from './index-changes.js';
import type { Lease } from './leases.js';

/** The parts of a store, for what works on it. */
export type StoreContext = Roots;

/** Begin an operation: what it holds is kept until it ends, and then only if something else needs it. */
export function beginLease(store: StoreContext): Lease {
  return store.leases.begin((digests) => collect(store, digests));
}

/** A layer of a new image: its archive and what it is unpacked. */
export interface StoredLayer {
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
}

/**
 * Enter an image whose layers are stored and unpacked.
 *
 * @param config - The configuration as it is to be stored.
 * @param fullNames - Complete names; none for an image without a name.
 * @returns The image's id.
 */
export async function enterImage(
  store: StoreContext,
  lease: Lease,
  image: {
    readonly config: Buffer;
    readonly layers: readonly StoredLayer[];
    readonly fullNames: readonly string[];
  },
): Promise<Digest> {
  const config = { mediaType: MEDIA_TYPES.config, ...describe(image.config) };
  const known = store.index.images.get(config.digest);
  if (known !== undefined) {
    // The same image by another way: the manifest that is there stays.
    lease.hold(...known.resolved.blobs);
    await enterDescriptor(store, known.resolved.descriptor, image.fullNames);
    return config.digest;
  }
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      config,
      layers: image.layers.map(({ descriptor }) => descriptor),
    }),
  );
  const descriptor = { mediaType: MEDIA_TYPES.manifest, ...describe(manifest) };
  lease.hold(config.digest, descriptor.digest);
  await store.blobs.put(image.config);
  await store.blobs.put(manifest);
  await enterDescriptor(store, descriptor, image.fullNames);
  return config.digest;
}

/** Let names, or none, lead to a manifest or an index whose blobs are all there. */
export async function enterDescriptor(
  store: StoreContext,
  descriptor: Descriptor,
  fullNames: readonly string[],
): Promise<void> {
  const { index } = store;
  const { id } = await index.resolve(descriptor);
  const idOf = ({ digest }: Descriptor): Digest | undefined =>
    digest === descriptor.digest ? id : index.known(digest)?.id;
  const dropped = await index.update((before) => {
    let after = before;
    for (const name of fullNames.length > 0 ? fullNames : [undefined])
      after = withName(after, descriptor, name, idOf);
    const gone = before.filter((one) => !after.some((other) => other.digest === one.digest));
    return { descriptors: after, result: gone };
  });
  // A nameless manifest may have given way to this one of the same image.
  await collect(
    store,
    dropped.flatMap(({ digest }) => index.known(digest)?.blobs ?? []),
  );
}

/** What a descriptor says of bytes. */
const describe = (bytes: Buffer): { digest: Digest; size: number } => ({
  digest: digestOf(bytes),
  size: bytes.length,
});
