import { type FileHandle, open } from 'node:fs/promises';

import { type Digest, Digester } from '../digest.js';

/**
 * Copies what is read from a stream to a file, and computes its digest, while somebody else reads it.
 *
 * @remarks
 * A piece is written while the next one is worked on.
 */
export class StreamCopy implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #digester = new Digester();
  #writing: Promise<unknown> = Promise.resolve();
  #isFinished = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param path - A new file. */
  static async open(path: string): Promise<StreamCopy> {
    return new StreamCopy(await open(path, 'wx', 0o600));
  }

  /** The stream's pieces, which are copied as they are asked for. */
  async *read(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      await this.#writing;
      // What follows packed data and does not belong to it may come late. Nobody reads it, and it is not copied.
      if (this.#isFinished) return;
      this.#digester.update(chunk);
      this.#writing = writeFully(this.#file, chunk);
      // Looked at with the next piece, or at the end: until then nobody waits for it.
      this.#writing.catch(() => undefined);
      yield chunk;
    }
  }

  /** Digest of what was copied, when whoever reads the stream has all of it. */
  digest(): Digest {
    this.#isFinished = true;
    return this.#digester.digest();
  }

  /** What was copied, when it is written. */
  async finish(): Promise<{ readonly digest: Digest; readonly sizeBytes: number }> {
    const digest = this.digest();
    await this.#writing;
    return { digest, sizeBytes: this.#digester.sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close();
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}
