import { Readable } from 'node:stream';

import { type Digest, hexOf } from '../digest.js';
import { corrupt, invalid } from '../failure.js';
import { familiarTag, fullName, parseReference } from '../reference.js';
import { ANNOTATIONS, type Descriptor, type DockerArchiveImage, MEDIA_TYPES } from '../schema/manifest.js';
import { beginLease, type StoreContext } from '../store/context.js';
import { lookUp } from '../store/lookup.js';
import type { ResolvedImage } from '../store/resolve.js';
import { TAR_END, tarHeader, tarPadding } from '../tar/writer.js';

/** An image to be saved, with the complete names it was asked for by. */
interface Chosen {
  readonly resolved: ResolvedImage;
  readonly names: Set<string>;
}

/**
 * Save images; see `ImageStore.save`. What is asked for is looked up at once, and read when the stream is.
 *
 * @throws NsError `ERR_NS_NOT_FOUND`, `ERR_NS_INVALID_ARGUMENT`
 */
export function saveImages(store: StoreContext, refs: readonly string[]): Readable {
  if (refs.length === 0) throw invalid('save image', 'no image is named');
  const chosen = choose(store, refs);
  return Readable.from(write(store, chosen), { objectMode: false });
}

function choose(store: StoreContext, refs: readonly string[]): readonly Chosen[] {
  const chosen = new Map<Digest, Chosen>();
  for (const ref of refs) {
    for (const { id, names } of named(store, ref)) {
      const resolved = store.index.images.get(id)?.resolved;
      if (resolved === undefined) continue;
      const one = chosen.get(id) ?? { resolved, names: new Set<string>() };
      chosen.set(id, one);
      for (const name of names) one.names.add(name);
    }
  }
  return [...chosen.values()];
}

/** What a reference means here: a repository without a tag means all of its tags, as for Docker. */
function named(store: StoreContext, ref: string): { id: Digest; names: string[] }[] {
  const repository = repositoryOf(ref);
  const found = [...store.index.images].flatMap(([id, { names }]) => {
    const own = names.map(({ name }) => name).filter((name) => name.startsWith(`${repository}:`));
    return repository === undefined || own.length === 0 ? [] : [{ id, names: own }];
  });
  if (found.length > 0) return found;
  const { id, name } = lookUp(store.index, ref);
  return [{ id, names: name === undefined ? [] : [name] }];
}

/** The name of a reference that has neither tag nor digest. */
function repositoryOf(ref: string): string | undefined {
  try {
    const { name, tag, digest } = parseReference(ref);
    return tag === undefined && digest === undefined ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The archive's bytes. What it needs is kept until it is written, or given up. */
async function* write(store: StoreContext, chosen: readonly Chosen[]): AsyncGenerator<Uint8Array> {
  await using lease = beginLease(store);
  for (const { resolved } of chosen) lease.hold(...blobsOf(resolved));
  for (const folder of ['blobs/', 'blobs/sha256/']) {
    yield tarHeader({ name: folder, type: 'directory', mode: 0o755, sizeBytes: 0, modifySeconds: 0 });
  }
  for (const digest of new Set(chosen.flatMap(({ resolved }) => blobsOf(resolved))))
    yield* blob(store, digest);
  const manifests = chosen.flatMap((one) => descriptorsOf(one));
  yield* file('index.json', { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests });
  yield* file('manifest.json', chosen.map(dockerImage));
  yield* file('oci-layout', { imageLayoutVersion: '1.0.0' });
  yield TAR_END;
}

const dockerImage = ({ resolved, names }: Chosen): DockerArchiveImage => ({
  Config: pathOf(resolved.id),
  RepoTags: names.size === 0 ? null : [...names].map((name) => familiarTag(parseReference(name))),
  Layers: resolved.manifest.layers.map(({ digest }) => pathOf(digest)),
});

/** The manifest for this machine and what it needs: of an index the others are not there. */
const blobsOf = ({ descriptor, manifest }: ResolvedImage): Digest[] => [
  ...manifest.layers.map(({ digest }) => digest),
  manifest.config.digest,
  descriptor.digest,
];

const pathOf = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

/** One for each name, as Docker writes them; one for an image without. */
function descriptorsOf({ resolved, names }: Chosen): Descriptor[] {
  const { annotations: _, ...descriptor } = resolved.descriptor;
  if (names.size === 0) return [descriptor];
  return [...names].map((name) => {
    const { tag = 'latest' } = parseReference(name);
    const annotations = {
      [ANNOTATIONS.imageName]: fullName(parseReference(name)),
      [ANNOTATIONS.refName]: tag,
    };
    return { ...descriptor, annotations };
  });
}

async function* blob(store: StoreContext, digest: Digest): AsyncGenerator<Uint8Array> {
  const sizeBytes = store.blobs.sizeOf(digest);
  yield headerOf(pathOf(digest), sizeBytes);
  let writtenBytes = 0;
  for await (const chunk of store.blobs.stream(digest)) {
    writtenBytes += chunk.length;
    yield chunk;
  }
  if (writtenBytes !== sizeBytes) throw corrupt('save image', `the blob ${digest} changed while it was read`);
  yield tarPadding(sizeBytes);
}

function* file(name: string, value: unknown): Generator<Uint8Array> {
  const content = Buffer.from(JSON.stringify(value));
  yield headerOf(name, content.length);
  yield content;
  yield tarPadding(content.length);
}

/** All have the same time, so that the same images are the same archive. */
const headerOf = (name: string, sizeBytes: number): Buffer =>
  tarHeader({ name, type: 'file', mode: 0o644, sizeBytes, modifySeconds: 0 });
