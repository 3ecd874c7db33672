import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Digest } from '../src/digest.js';
import { type Image, ImageStore, type LoadEvent, type StoreOptions } from '../src/index.js';
import { archive, type RawEntry, sha256 } from './archives.js';

/** Open a store that must have no problem. */
export const openStore = (path: string, options: StoreOptions = {}): Promise<ImageStore> =>
  ImageStore.open(path, {
    onProblem: (problem) => {
      throw problem;
    },
    ...options,
  });

/** Bytes as a stream. */
export async function* streamOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** A root file system with one file. */
export const rootfs = (content: string, ...more: readonly RawEntry[]): Buffer =>
  archive({ name: './', type: '5', mode: 0o755 }, { name: 'file', data: content }, ...more);

/** Import a root file system with one file. */
export const importFile = (store: ImageStore, content: string, ref?: string): Promise<Image> =>
  store.import(streamOf(rootfs(content)), { ref, created: new Date(0) });

/** Load an archive to its end. */
export async function loadAll(store: ImageStore, bytes: Uint8Array): Promise<LoadEvent[]> {
  const events: LoadEvent[] = [];
  for await (const event of store.load(streamOf(bytes))) events.push(event);
  return events;
}

/** The images that were loaded, with the names they were loaded by. */
export const loadedOf = (events: readonly LoadEvent[]): { id: Digest; refs: readonly string[] }[] =>
  events.flatMap((event) => (event.kind === 'loaded' ? [{ id: event.image.id, refs: event.refs }] : []));

/**
 * What must hold of a store whenever it is open and idle: all that images need is there and has its digest, and nothing
 * else is there.
 */
export function expectSound(path: string, store: ImageStore): void {
  const index = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as {
    manifests: { digest: Digest; size: number }[];
  };
  const needed = new Set<string>();
  const layers = new Set<string>();
  const read = (digest: string): Buffer => readFileSync(join(path, 'blobs/sha256', digest.slice(7)));
  for (const { digest, size } of index.manifests) {
    const bytes = read(digest);
    expect([sha256(bytes), bytes.length]).toEqual([digest, size]);
    const manifest = JSON.parse(bytes.toString()) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    for (const one of [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)]) {
      expect(sha256(read(one))).toBe(one);
      needed.add(one.slice(7));
    }
    const config = JSON.parse(read(manifest.config.digest).toString()) as { rootfs: { diff_ids: string[] } };
    for (const diffId of config.rootfs.diff_ids) layers.add(diffId.slice(7));
  }
  expect(readdirSync(join(path, 'blobs/sha256')).toSorted()).toEqual([...needed].toSorted());
  expect(readdirSync(join(path, 'layers')).toSorted()).toEqual([...layers].toSorted());
  expect(readdirSync(join(path, 'ingest'))).toEqual([]);
  expect(readdirSync(join(path, 'trash'))).toEqual([]);
  const ids = new Set(
    index.manifests.map(
      ({ digest }) => (JSON.parse(read(digest).toString()) as { config: { digest: string } }).config.digest,
    ),
  );
  expect(new Set(store.list().map(({ id }) => id as string))).toEqual(ids);
}
