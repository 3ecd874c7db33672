import { mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';

import { writeAtomic } from '../host/atomic-file.js';
import type { Logger } from '../host/logger.js';
import { isFullId } from './ids.js';
import type { Paths } from './paths.js';
import type { ContainerRecord } from './record.js';

/** Keeps the records of containers on disk, one file each. */
export class RecordStore {
  readonly #paths: Paths;
  readonly #logger: Logger;

  constructor(paths: Paths, logger: Logger) {
    this.#paths = paths;
    this.#logger = logger;
  }

  /**
   * Write a record. The container's directory is made when it is missing.
   *
   * @remarks
   * Whatever happens to the daemon, what was saved stays. A power failure is survived as well, for the price of two
   * fsyncs, by containers that are worth it: not by those that remove themselves, and not by `passing` states.
   *
   * @param passing - A state that soon gives way to another, such as "is being removed".
   */
  async save(record: ContainerRecord, passing = false): Promise<void> {
    const { directory, config } = this.#paths.container(record.id);
    mkdirSync(directory, { recursive: true, mode: 0o710 });
    const durable = !passing && !(record.hostConfig.AutoRemove ?? false);
    await writeAtomic(config, `${JSON.stringify(record, undefined, 1)}\n`, { durable });
  }

  /** Delete everything of a container. */
  async remove(id: string): Promise<void> {
    await rm(this.#paths.container(id).directory, { recursive: true, force: true });
  }

  /**
   * Every record there is. A directory without one was being made when the daemon died, and is deleted; a file that
   * cannot be read is left alone and told about.
   */
  async load(): Promise<ContainerRecord[]> {
    await mkdir(this.#paths.containers, { recursive: true, mode: 0o710 });
    const records: ContainerRecord[] = [];
    for (const id of await readdir(this.#paths.containers)) {
      if (!isFullId(id)) continue;
      const record = await this.#read(id);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  async #read(id: string): Promise<ContainerRecord | undefined> {
    const { config } = this.#paths.container(id);
    let text: string;
    try {
      text = await readFile(config, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#logger.warn(`container ${id}: was never completed; its directory is deleted`);
      await this.remove(id);
      return undefined;
    }
    try {
      const record = JSON.parse(text) as ContainerRecord;
      if (record.version === 1 && record.id === id) return record;
      this.#logger.warn(`${config}: not a record of this version; the container is left out`);
    } catch (error) {
      this.#logger.error(`${config}: not JSON; the container is left out`, error);
    }
    return undefined;
  }
}
