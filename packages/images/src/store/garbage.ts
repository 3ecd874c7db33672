import { readdirSync } from 'node:fs';

import { type Digest, isDigest } from '../digest.js';
import type { Descriptor } from '../schema/manifest.js';
import type { BlobStore } from './blobs.js';
import type { ImageIndex } from './image-index.js';
import type { LayerStore } from './layers.js';
import type { StoreLayout, TrashItem } from './layout.js';
import type { Leases } from './leases.js';
import type { SnapshotStore } from './snapshots.js';

/** The parts of a store that say what is needed. */
export interface Roots {
  readonly layout: StoreLayout;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly index: ImageIndex;
  readonly snapshots: SnapshotStore;
  readonly leases: Leases;
}

/** All that images and snapshots need, blobs and layers alike. */
export function neededBy({ index, snapshots }: Pick<Roots, 'index' | 'snapshots'>): Set<Digest> {
  const needed = new Set<Digest>();
  const descriptors: readonly Descriptor[] = [
    ...index.descriptors,
    ...snapshots.records.map(({ manifest }) => manifest),
  ];
  for (const { digest } of descriptors) {
    needed.add(digest);
    const image = index.known(digest);
    for (const needs of image?.blobs ?? []) needed.add(needs);
    for (const diffId of image?.config.rootfs.diff_ids ?? []) needed.add(diffId);
  }
  return needed;
}

/**
 * Remove those of some blobs and layers that nothing needs: no image, no snapshot, no operation that goes on.
 *
 * @remarks
 * What is needed is decided and acted on without giving up the event loop, so that nothing can come to need it in
 * between; the space is freed afterwards.
 */
export async function collect(roots: Roots, candidates: Iterable<Digest>): Promise<void> {
  const { layout, blobs, layers, index, leases } = roots;
  const needed = neededBy(roots);
  const trash: TrashItem[] = [];
  for (const digest of new Set(candidates)) {
    if (needed.has(digest) || leases.has(digest)) continue;
    index.forget(digest);
    if (blobs.has(digest)) trash.push(layout.throwAway(layout.blob(digest)));
    if (layers.record(digest) !== undefined) trash.push(layers.throwAway(digest));
  }
  for (const item of trash) await item.remove();
}

/**
 * Remove what a process left behind that died between storing something and entering it.
 *
 * Nothing is removed when an image of the index cannot be read: what it needs is not known then.
 */
export async function collectLeftovers(roots: Roots): Promise<void> {
  const { index, layout, layers, snapshots } = roots;
  const descriptors = [...index.descriptors, ...snapshots.records.map(({ manifest }) => manifest)];
  if (descriptors.some(({ digest }) => index.known(digest) === undefined)) return;
  const stored = readdirSync(layout.blobsDirectory).map((name) => `sha256:${name}`);
  await collect(roots, [...stored.filter((name) => isDigest(name)), ...layers.diffIds]);
}
