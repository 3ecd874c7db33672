import { Readable } from 'node:stream';

import { watch, type Watcher } from '@ns/syscall';

/** After so many chunks others have their turn. */
const CHUNKS_AT_ONCE = 8;

/**
 * The output of a process, which has been put into its log by the time that it is read here.
 *
 * @param pipe - The end that is read, as a stream that nobody reads; destroyed at the end of this one.
 * @param fd - Its descriptor.
 * @param take - Moves what is in a pipe to where it is kept, and gives a copy: `LogFile.take`.
 */
export class LoggedPipe extends Readable {
  readonly #pipe: Readable;
  readonly #fd: number;
  readonly #take: (fd: number) => Buffer | undefined;
  #watcher: Watcher | undefined;

  constructor(pipe: Readable, fd: number, take: (fd: number) => Buffer | undefined) {
    super();
    this.#pipe = pipe;
    this.#fd = fd;
    this.#take = take;
    // Who closes it ends this one. From then on the number may be another file's.
    pipe.once('close', () => this.#end());
  }

  override _read(): void {
    if (this.#pipe.destroyed) return;
    this.#watcher ??= watch(this.#fd, { readable: true, disconnect: true }, () => this.#pump());
  }

  #pump(): void {
    for (let count = 0; count < CHUNKS_AT_ONCE && this.#watcher !== undefined; count += 1) {
      if (this.#pipe.destroyed) return;
      const chunk = this.#take(this.#fd);
      if (chunk === undefined) return;
      if (chunk.length === 0) this.#end();
      else if (!this.push(chunk)) this.#rest();
    }
  }

  #end(): void {
    this.#rest();
    if (!this.readableEnded) this.push(null);
  }

  #rest(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#rest();
    this.#pipe.destroy();
    done(error);
  }
}
