import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Marks of runs that were begun and whose state is not saved yet.
 *
 * A daemon that dies in between finds by them that what the driver has of a container is a run of its own, and not what
 * is left of an earlier one. They are below the exec root: a reboot ends the runs, and the marks with them.
 */
export class StartMarks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  set(id: string): void {
    writeFileSync(join(this.#directory, id), '');
  }

  clear(id: string): void {
    rmSync(join(this.#directory, id), { force: true });
  }

  all(): Set<string> {
    return new Set(readdirSync(this.#directory));
  }
}
