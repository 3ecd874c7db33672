import { type Digest, digestOf } from '../digest.js';
import { fullName, parseTag } from '../reference.js';
import type { ImageConfig, RunConfig } from '../schema/config.js';
import { MEDIA_TYPES } from '../schema/manifest.js';
import { hostPlatform } from '../schema/platform.js';
import { beginLease, enterImage, type StoreContext } from '../store/context.js';
import { TAR_END, tarHeader, tarPadding } from '../tar/writer.js';

/** A file of an image that is made in memory. */
export interface BuiltinFile {
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

/** An image of files in memory: one that a program brings along. */
export interface BuiltinImage {
  /** `hello-world` */
  readonly name: string;
  /** By path, of at most 100 bytes: `hello`, `etc/motd`. All belong to root. Directories on the way are made with mode 755. */
  readonly files: ReadonlyMap<string, BuiltinFile>;
  readonly config: RunConfig;
  /** Kept in the image's history. */
  readonly message?: string | undefined;
  /** Part of what the id is computed from: 1970 by default, and never the present. */
  readonly created?: Date | undefined;
}

/** The label by which an image is known as built in, so that a newer version may take its name. */
const LABEL = 'ns.builtin';

/** Enter a built-in image; see `ImageStore.addBuiltin`. */
export async function addBuiltinImage(store: StoreContext, image: BuiltinImage): Promise<Digest> {
  const name = fullName(parseTag(image.name));
  const layer = layerOf(image.files);
  const diffId = digestOf(layer);
  const config = Buffer.from(JSON.stringify(configOf(image, diffId)));
  const id = digestOf(config);
  const present = store.index.idOfName(name);
  const labels =
    present === undefined ? undefined : store.index.images.get(present)?.resolved.config.config?.Labels;
  // A name that leads to an image of the user's stays theirs.
  if (present !== undefined && (present === id || labels?.[LABEL] === undefined)) return present;
  await using lease = beginLease(store);
  lease.hold(diffId);
  await store.blobs.put(layer);
  await store.layers.ensure(diffId, async function* () {
    yield layer;
  });
  const descriptor = { mediaType: MEDIA_TYPES.layer, digest: diffId, size: layer.length };
  return await enterImage(store, lease, { config, layers: [{ diffId, descriptor }], fullNames: [name] });
}

function configOf({ config, message, created }: BuiltinImage, diffId: Digest): ImageConfig {
  const { architecture, os } = hostPlatform();
  const date = (created ?? new Date(0)).toISOString();
  return {
    architecture,
    config: { ...config, Labels: { ...config.Labels, [LABEL]: 'true' } },
    created: date,
    history: [{ created: date, created_by: message ?? 'built in' }],
    os,
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
}

/** A tar archive that depends on nothing but the files. */
function layerOf(files: ReadonlyMap<string, BuiltinFile>): Buffer {
  const blocks: Buffer[] = [];
  const directories = new Set<string>();
  for (const [path, { mode, bytes }] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const parts = path.split('/').filter(Boolean);
    for (let depth = 1; depth < parts.length; depth++) directories.add(`${parts.slice(0, depth).join('/')}/`);
    const name = parts.join('/');
    const header = tarHeader({ name, type: 'file', mode, sizeBytes: bytes.length, modifySeconds: 0 });
    blocks.push(header, Buffer.from(bytes), tarPadding(bytes.length));
  }
  // In order, a directory comes before those in it.
  const made = [...directories]
    .toSorted()
    .map((name) => tarHeader({ name, type: 'directory', mode: 0o755, sizeBytes: 0, modifySeconds: 0 }));
  return Buffer.concat([...made, ...blocks, TAR_END]);
}
