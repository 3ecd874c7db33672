import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { syncfs } from '@ns/syscall';

import { decode } from '../decompress.js';
import { type Digest, isDigest } from '../digest.js';
import type { ExtractLimits } from '../extract/extractor.js';
import { corrupt } from '../failure.js';
import { parseJson } from '../json.js';
import { bootId } from './boot.js';
import { type LayerRecord, layerRecordSchema } from './layer-record.js';
import { openDirectory, replaceFile, type StoreLayout, type TrashItem, type Workspace } from './layout.js';
import { unpackLayer, type UnpackOptions } from './unpack.js';

const RECORD = 'layer.json';

/** A layer unpacked in a workspace, not part of the store yet. */
export interface NewLayer {
  readonly path: string;
  readonly record: LayerRecord;
}

/**
 * The unpacked layers of a store: directories that the overlay file system stacks, each unpacked once.
 *
 * @remarks
 * Files of a layer are not synced one by one. A layer is usable at once, marked as not synced; one syncfs(2) in the
 * background takes the mark away. A layer that still has the mark after the machine was started anew is unpacked again.
 */
export class LayerStore {
  readonly #layout: StoreLayout;
  readonly #limits: ExtractLimits;
  readonly #report: (problem: Error) => void;
  readonly #records = new Map<Digest, LayerRecord>();
  readonly #pending = new Map<Digest, Promise<void>>();
  #syncing: Promise<void> | undefined;

  constructor(layout: StoreLayout, limits: ExtractLimits, report: (problem: Error) => void) {
    this.#layout = layout;
    this.#limits = limits;
    this.#report = report;
    for (const name of readdirSync(layout.layersDirectory)) this.#takeUp(name);
    this.#sync();
  }

  /** All that are unpacked. */
  get diffIds(): readonly Digest[] {
    return [...this.#records.keys()];
  }

  /** What is known of an unpacked layer. */
  record(diffId: Digest): LayerRecord | undefined {
    return this.#records.get(diffId);
  }

  /** Where an unpacked layer's files are. */
  directory(diffId: Digest): string {
    return join(this.#layout.layer(diffId), 'diff');
  }

  /** Unpack a plain archive in a workspace. Nothing of it is part of the store. */
  async unpack(
    content: AsyncIterable<Buffer>,
    workspace: Workspace,
    options: UnpackOptions,
  ): Promise<NewLayer> {
    const path = workspace.newPath();
    await mkdir(path, { mode: 0o700 });
    const { diffId, facts } = await unpackLayer(content, join(path, 'diff'), {
      ...options,
      limits: this.#limits,
    });
    return { path, record: { ...facts, diffId, unsyncedInBoot: bootId() } };
  }

  /** Make an unpacked layer part of the store, unless it has that layer. */
  adopt({ path, record }: NewLayer): void {
    if (this.#records.has(record.diffId)) return;
    const target = this.#layout.layer(record.diffId);
    writeFileSync(join(path, RECORD), JSON.stringify(record), { mode: 0o600 });
    // What is there without a record is left of a layer that was given up.
    this.#layout.throwAway(target);
    renameSync(path, target);
    this.#records.set(record.diffId, record);
    this.#sync();
  }

  /**
   * Have a layer unpacked. Whoever asks for one that is being unpacked waits for it.
   *
   * @param open - The layer's archive, packed or not.
   * @returns False when this archive was not needed, and so not looked at.
   * @throws NsError `ERR_NS_CORRUPT` when the archive is not that layer's.
   */
  async ensure(
    diffId: Digest,
    open: () => AsyncIterable<Uint8Array>,
    options: Omit<UnpackOptions, 'endMark'> = {},
  ): Promise<boolean> {
    for (let other = this.#pending.get(diffId); other !== undefined; other = this.#pending.get(diffId)) {
      // If the other's archive is bad, this one may be good.
      await other.catch(() => undefined);
    }
    if (this.#records.has(diffId)) return false;
    const work = this.#unpackExpected(diffId, open(), options).finally(() => this.#pending.delete(diffId));
    this.#pending.set(diffId, work);
    await work;
    return true;
  }

  async #unpackExpected(
    diffId: Digest,
    source: AsyncIterable<Uint8Array>,
    options: Omit<UnpackOptions, 'endMark'>,
  ): Promise<void> {
    await using workspace = await this.#layout.workspace();
    const { content } = await decode('unpack layer', source);
    const layer = await this.unpack(content, workspace, { ...options, endMark: false });
    if (layer.record.diffId !== diffId) {
      throw corrupt(
        'unpack layer',
        `its archive has the digest ${layer.record.diffId} in the place of ${diffId}`,
        { hint: 'the archive was changed: create or copy it again' },
      );
    }
    this.adopt(layer);
  }

  /** Take a layer out of the store. */
  throwAway(diffId: Digest): TrashItem {
    this.#records.delete(diffId);
    return this.#layout.throwAway(this.#layout.layer(diffId));
  }

  /** Wait until all layers are known to be on disk. */
  async close(): Promise<void> {
    await this.#syncing;
  }

  #takeUp(name: string): void {
    const diffId = `sha256:${name}`;
    const path = join(this.#layout.layersDirectory, name);
    let record: LayerRecord | undefined;
    try {
      record = parseJson(
        'image store',
        join(path, RECORD),
        readFileSync(join(path, RECORD)),
        layerRecordSchema,
      );
    } catch (error) {
      this.#report(
        corrupt('image store', `the layer ${name} has no valid record and is unpacked again`, {
          path,
          cause: error,
        }),
      );
    }
    const isLost = record?.unsyncedInBoot !== undefined && record.unsyncedInBoot !== bootId();
    if (record === undefined || isLost || !isDigest(diffId) || record.diffId !== diffId)
      this.#layout.throwAway(path);
    else this.#records.set(diffId, record);
  }

  /** Begin to sync, unless that goes on or everything is. */
  #sync(): void {
    this.#syncing ??= this.#syncAll()
      .catch((error: unknown) => this.#report(error as Error))
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  async #syncAll(): Promise<void> {
    for (;;) {
      const unsynced = [...this.#records.values()].filter((record) => record.unsyncedInBoot !== undefined);
      if (unsynced.length === 0) return;
      using directory = openDirectory(this.#layout.layersDirectory);
      await syncfs(directory.fd);
      for (const record of unsynced) await this.#markSynced(record);
    }
  }

  async #markSynced(record: LayerRecord): Promise<void> {
    // It may be removed at any moment.
    const isThere = (wanted: LayerRecord): boolean => this.#records.get(record.diffId) === wanted;
    if (!isThere(record)) return;
    const synced: LayerRecord = { ...record, unsyncedInBoot: undefined };
    this.#records.set(record.diffId, synced);
    const path = join(this.#layout.layer(record.diffId), RECORD);
    try {
      await replaceFile(`${path}.new`, path, JSON.stringify(synced));
    } catch (error) {
      if (isThere(synced)) throw error;
    }
  }
}
