import { Readable } from 'node:stream';

import { pack, type Pack } from 'tar-stream';

import { type Digest, hexOf } from '../digest.js';
import { invalid } from '../failure.js';
import { familiarTag, fullName, parseReference } from '../reference.js';
import { ANNOTATIONS, type Descriptor, MEDIA_TYPES } from '../schema/manifest.js';
import { beginLease, type StoreContext } from '../store/context.js';
import { lookUp } from '../store/lookup.js';
import type { ResolvedImage } from '../store/resolve.js';

/** An image to be saved, with the complete names it was asked for by. */
interface Chosen {
  readonly resolved: ResolvedImage;
  readonly names: Set<string>;
}

/** All entries have it, so that the same images are the same archive. */
const MTIME = new Date(0);

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
  const archive = pack();
  const writing = fill(store, archive, chosen);
  // The stream is destroyed with it, and whoever reads sees that.
  writing.catch((error: unknown) => archive.destroy(error as Error));
  try {
    for await (const chunk of archive) yield chunk as Uint8Array;
    await writing;
  } finally {
    archive.destroy();
    await writing.catch(() => undefined);
  }
}

async function fill(store: StoreContext, archive: Pack, chosen: readonly Chosen[]): Promise<void> {
  for (const folder of ['blobs', 'blobs/sha256']) {
    archive.entry({ name: `${folder}/`, type: 'directory', mode: 0o755, mtime: MTIME });
  }
  const written = new Set<Digest>();
  for (const { resolved } of chosen) {
    for (const digest of blobsOf(resolved)) {
      if (!written.has(digest)) await addBlob(store, archive, digest);
      written.add(digest);
    }
  }
  await addFile(archive, 'index.json', {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: chosen.flatMap((one) => descriptorsOf(one)),
  });
  await addFile(
    archive,
    'manifest.json',
    chosen.map(({ resolved, names }) => ({
      Config: pathOf(resolved.id),
      RepoTags: names.size === 0 ? null : [...names].map((name) => familiarTag(parseReference(name))),
      Layers: resolved.manifest.layers.map(({ digest }) => pathOf(digest)),
    })),
  );
  await addFile(archive, 'oci-layout', { imageLayoutVersion: '1.0.0' });
  archive.finalize();
}

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

async function addBlob(store: StoreContext, archive: Pack, digest: Digest): Promise<void> {
  const size = store.blobs.sizeOf(digest);
  await new Promise<void>((resolve, reject) => {
    const entry = archive.entry({ name: pathOf(digest), size, mode: 0o644, mtime: MTIME }, (error) =>
      error ? reject(error) : resolve(),
    );
    const content = Readable.from(store.blobs.stream(digest), { objectMode: false });
    content.once('error', (error) => entry.destroy(error));
    content.pipe(entry);
  });
}

async function addFile(archive: Pack, name: string, value: unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    archive.entry({ name, mode: 0o644, mtime: MTIME }, JSON.stringify(value), (error) =>
      error ? reject(error) : resolve(),
    );
  });
}
