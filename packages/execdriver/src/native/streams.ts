import { Socket, type SocketConstructorOpts } from 'node:net';
import { Duplex, type Writable } from 'node:stream';
import { ReadStream } from 'node:tty';

import { isErrno } from '@ns/errors';

import type { OutputStream } from '../contract.js';

/**
 * The readable end of a pipe as a stream. The stream owns the descriptor.
 *
 * Nothing is read before somebody reads the stream: what this process had in its memory would be lost with it, and what
 * is in the pipe waits for whoever adopts the container. `manualStart` is how Node makes `process.stdin`; its types do
 * not have it.
 */
export function readPipe(fd: number): OutputStream {
  const options: SocketConstructorOpts & { readonly manualStart: boolean } = {
    fd,
    readable: true,
    writable: false,
    manualStart: true,
  };
  return Object.assign(new Socket(options), { pipeFd: fd });
}

/** The writable end of a pipe as a stream. The stream owns the descriptor. */
export const writePipe = (fd: number): Writable => new Socket({ fd, readable: false, writable: true });

/**
 * A terminal's master as a stream. The stream owns the descriptor.
 *
 * When the last process has closed the terminal, the kernel answers reads with EIO; that is the end of the stream, not
 * an error.
 */
export class TerminalStream extends Duplex {
  readonly #terminal: ReadStream;

  constructor(fd: number) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#terminal = new ReadStream(fd);
    // First, for a listener to 'data' starts the reading: see readPipe.
    this.#terminal.pause();
    this.#terminal.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#terminal.pause();
    });
    this.#terminal.on('end', () => this.push(null));
    this.#terminal.on('error', (error) => {
      if (isErrno(error, 'EIO')) this.push(null);
      else this.destroy(error);
    });
  }

  override _read(): void {
    this.#terminal.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#terminal.write(chunk, encoding, (error) => {
      // Nobody reads what is typed after the end.
      done(error && !isErrno(error, 'EIO', 'EPIPE', 'ERR_STREAM_DESTROYED') ? error : null);
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#terminal.destroy();
    done(error);
  }
}
