import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';

import { CANNOT_RUN, Failure } from '../failure.js';

/** The file of `--cidfile`: claimed before the container is created, removed when that fails. */
export class CidFile {
  readonly #path: string;
  readonly #fd: number;

  /** @throws {@link Failure} when it exists: another container may be running with it. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'wx', 0o644);
    } catch (cause) {
      const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      const message = exists
        ? `container ID file found, make sure the other container isn't running or delete ${path}`
        : `failed to create the container ID file: ${(cause as Error).message}`;
      throw new Failure(CANNOT_RUN, message, { cause });
    }
  }

  /** The container is there. */
  write(id: string): void {
    writeSync(this.#fd, id);
    closeSync(this.#fd);
  }

  /** There will be none. */
  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.#path);
  }
}
