import { NsError } from '@ns/errors';

import { FRAME_HEADER_BYTES, STREAMS, type StreamName } from './frame.js';

/** A piece of one stream: a whole frame, or as much of it as has arrived. */
export interface FramePiece {
  readonly stream: StreamName;
  readonly data: Buffer;
}

const NAMES = Object.keys(STREAMS) as StreamName[];

/**
 * Takes a multiplexed stream apart, whatever the boundaries of the chunks it arrives in.
 *
 * A payload is handed on as it comes and never collected, so memory does not grow with the size of a frame.
 */
export class FrameParser {
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #stream: StreamName = 'stdout';
  #left = 0;

  /**
   * The pieces in the next chunk. They share the chunk's memory.
   *
   * @throws {@link NsError} `ERR_NS_CORRUPT` when this is no multiplexed stream: a terminal's output is not framed.
   */
  *push(chunk: Buffer): Generator<FramePiece> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at += this.#readHeader(chunk, at);
        continue;
      }
      const data = chunk.subarray(at, at + this.#left);
      at += data.length;
      this.#left -= data.length;
      yield { stream: this.#stream, data };
    }
  }

  /**
   * To be called when the source has ended.
   *
   * @throws {@link NsError} `ERR_NS_CONNECTION` when it ended within a frame.
   */
  end(): void {
    if (this.#left === 0 && this.#headerBytes === 0) return;
    throw new NsError('ERR_NS_CONNECTION', {
      operation: 'stream',
      message: `the connection ended within a frame, ${this.#left > 0 ? `${this.#left} bytes early` : 'in its header'}`,
    });
  }

  /** Take what belongs to the header; when it is complete the payload follows. Returns the bytes taken. */
  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(
      this.#header,
      this.#headerBytes,
      at,
      at + FRAME_HEADER_BYTES - this.#headerBytes,
    );
    this.#headerBytes += taken;
    if (this.#headerBytes < FRAME_HEADER_BYTES) return taken;
    this.#headerBytes = 0;
    const name = NAMES[this.#header[0] ?? -1];
    if (name === undefined || this.#header.readUIntBE(1, 3) !== 0) {
      throw new NsError('ERR_NS_CORRUPT', {
        operation: 'stream',
        message: `frame header ${this.#header.toString('hex')} names no stream`,
        hint: 'a container with a terminal has one unframed stream: read it as it is',
      });
    }
    this.#stream = name;
    this.#left = this.#header.readUInt32BE(4);
    return taken;
  }
}
