import type { Digest } from '../digest.js';
import { corrupt } from '../failure.js';
import { parseJson } from '../json.js';
import { type ImageConfig, imageConfigSchema } from '../schema/config.js';
import {
  type Descriptor,
  indexSchema,
  isIndex,
  isManifest,
  type Manifest,
  manifestSchema,
} from '../schema/manifest.js';
import { choosePlatform } from '../schema/platform.js';

/** Where the JSON of descriptors is: a store or an archive. */
export interface BlobSource {
  has(digest: Digest): boolean;
  read(operation: string, digest: Digest): Promise<Buffer>;
}

/** What a descriptor leads to. */
export interface ResolvedImage {
  /** The configuration's digest. */
  readonly id: Digest;
  /** The manifest for this machine: the descriptor itself, or one of its index. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** All blobs that the descriptor needs on this machine, itself included. */
  readonly blobs: readonly Digest[];
}

/** Indexes within indexes. */
const MAX_DEPTH = 4;

/**
 * Follow a descriptor to its image.
 *
 * @throws NsError `ERR_NS_CORRUPT`, `ERR_NS_NOT_FOUND` when something on the way is missing or damaged.
 */
export async function resolveImage(
  operation: string,
  source: BlobSource,
  descriptor: Descriptor,
  depth = 0,
): Promise<ResolvedImage> {
  if (depth > MAX_DEPTH) throw corrupt(operation, `indexes are nested more than ${MAX_DEPTH} deep`);
  const { digest } = descriptor;
  if (isIndex(descriptor)) return fromIndex(operation, source, descriptor, depth);
  if (!isManifest(descriptor)) {
    throw corrupt(
      operation,
      `${digest} is no image: its media type is ${JSON.stringify(descriptor.mediaType)}`,
    );
  }
  const bytes = await source.read(operation, digest);
  const manifest = parseJson(operation, `manifest ${digest}`, bytes, manifestSchema);
  const config = await readConfig(operation, source, manifest);
  const blobs = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
  return { id: manifest.config.digest, descriptor, manifest, config, blobs };
}

async function readConfig(operation: string, source: BlobSource, manifest: Manifest): Promise<ImageConfig> {
  const { digest } = manifest.config;
  const subject = `configuration ${digest}`;
  const config = parseJson(operation, subject, await source.read(operation, digest), imageConfigSchema);
  const layers = manifest.layers.length;
  const diffIds = config.rootfs.diff_ids.length;
  if (layers === diffIds) return config;
  throw corrupt(
    operation,
    `${subject}: rootfs.diff_ids has ${diffIds} layers where the manifest has ${layers}`,
  );
}

async function fromIndex(
  operation: string,
  source: BlobSource,
  descriptor: Descriptor,
  depth: number,
): Promise<ResolvedImage> {
  const { digest } = descriptor;
  const index = parseJson(operation, `index ${digest}`, await source.read(operation, digest), indexSchema);
  const present = index.manifests.filter((child) => source.has(child.digest));
  const chosen = choosePlatform(present.filter((child) => isIndex(child) || isManifest(child)));
  if (chosen === undefined) throw corrupt(operation, `the index ${digest} has no image for this machine`);
  const image = await resolveImage(operation, source, chosen, depth + 1);
  return { ...image, blobs: [digest, ...image.blobs] };
}
