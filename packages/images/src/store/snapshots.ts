import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { statx } from '@ns/syscall';
import * as v from 'valibot';

import type { Digest } from '../digest.js';
import { conflict, corrupt, invalid, notFound } from '../failure.js';
import { parseJson } from '../json.js';
import { digestSchema } from '../schema/digest.js';
import type { Descriptor } from '../schema/manifest.js';
import { type DescribedDirectory, makeDirectories } from './described-directories.js';
import { openDirectory, replaceFile, type StoreLayout, syncDirectory } from './layout.js';

/** The directories of an overlay for a container. The mount is made elsewhere. */
export interface Snapshot {
  readonly containerId: string;
  readonly imageId: Digest;
  /** Layers, topmost first; at least one. */
  readonly lower: readonly string[];
  /** What the container changes. */
  readonly upper: string;
  /** For the overlay file system's own use. */
  readonly work: string;
}

/** What `snapshot.json` says. */
export interface SnapshotRecord {
  readonly containerId: string;
  readonly imageId: Digest;
  /** The manifest, whose layers are kept as long as the snapshot. */
  readonly manifest: Descriptor;
}

const RECORD = 'snapshot.json';
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

const recordSchema: v.GenericSchema<unknown, SnapshotRecord> = v.object({
  containerId: v.string(),
  imageId: digestSchema,
  manifest: v.object({ mediaType: v.string(), digest: digestSchema, size: v.number() }),
});

/** The writable layers of containers. */
export class SnapshotStore {
  readonly #layout: StoreLayout;
  readonly #records = new Map<string, SnapshotRecord>();

  /** @param report - Told of a snapshot that cannot be read. It stays where it is: it holds somebody's data. */
  constructor(layout: StoreLayout, report: (problem: Error) => void) {
    this.#layout = layout;
    for (const name of readdirSync(layout.containersDirectory)) {
      const path = join(layout.container(name), RECORD);
      try {
        this.#records.set(name, parseJson('image store', path, readFileSync(path), recordSchema));
      } catch (error) {
        report(corrupt('image store', `the snapshot of ${name} has no valid record`, { path, cause: error }));
      }
    }
  }

  /** All of them. */
  get records(): readonly SnapshotRecord[] {
    return [...this.#records.values()];
  }

  /** @throws NsError `ERR_NS_NOT_FOUND` */
  record(containerId: string): SnapshotRecord {
    const record = this.#records.get(containerId);
    if (record !== undefined) return record;
    throw notFound('snapshot', `there is none of container ${JSON.stringify(containerId)}`);
  }

  /** Where a container's changes are. */
  directories(containerId: string): { readonly upper: string; readonly work: string } {
    const path = this.#layout.container(containerId);
    return { upper: join(path, 'upper'), work: join(path, 'work') };
  }

  /**
   * @throws NsError `ERR_NS_INVALID_ARGUMENT` for what is no container id; `ERR_NS_CONFLICT` when it has a snapshot.
   */
  check(containerId: string): void {
    if (!ID.test(containerId)) {
      throw invalid('snapshot', `${JSON.stringify(containerId)} is no container id`, {
        hint: 'letters, digits, "_", "." and "-", at most 128, starting with a letter or digit',
      });
    }
    if (existsSync(this.#layout.container(containerId))) {
      throw conflict('snapshot', `container ${containerId} has one already`, {
        hint: 'remove the other container',
      });
    }
  }

  /** Create a snapshot: all of it or nothing. */
  async create(record: SnapshotRecord, plan: readonly DescribedDirectory[]): Promise<void> {
    await using workspace = await this.#layout.workspace();
    const path = workspace.newPath();
    const upper = join(path, 'upper');
    mkdirSync(upper, { recursive: true, mode: 0o700 });
    mkdirSync(join(path, 'work'), { mode: 0o700 });
    {
      using directory = openDirectory(upper);
      makeDirectories(directory, plan);
    }
    await replaceFile(workspace.newPath(), join(path, RECORD), JSON.stringify(record));
    // Again: another may have been quicker.
    this.check(record.containerId);
    await rename(path, this.#layout.container(record.containerId));
    this.#records.set(record.containerId, record);
    await syncDirectory(this.#layout.containersDirectory);
  }

  /**
   * Remove a snapshot with all that is in it.
   *
   * @returns Its record; undefined when there is none, or one that could not be read.
   * @throws NsError `ERR_NS_CONFLICT` when something is mounted in it: nothing was removed then.
   */
  async remove(containerId: string): Promise<SnapshotRecord | undefined> {
    const record = this.#records.get(containerId);
    const path = this.#layout.container(containerId);
    if (!ID.test(containerId) || !existsSync(path)) return undefined;
    refuseMounts(path);
    const item = this.#layout.throwAway(path);
    this.#records.delete(containerId);
    await item.remove();
    return record;
  }
}

/** Refuse to remove a directory on which, or on a directory of which, something is mounted. */
function refuseMounts(path: string): void {
  const { mountId } = statx(join(path, '..'));
  const candidates = [path, ...readdirSync(path).map((name) => join(path, name))];
  const mounted = candidates.find((candidate) => statx(candidate).mountId !== mountId);
  if (mounted === undefined) return;
  throw conflict('remove snapshot', `something is mounted on ${mounted}`, {
    path: mounted,
    hint: 'unmount it first',
  });
}
