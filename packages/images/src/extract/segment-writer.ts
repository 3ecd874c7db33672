import type { SparseSegment } from '../tar/entry.js';

/** Puts the data of a sparse file, which comes without its holes, where it belongs. */
export class SegmentWriter {
  readonly #segments: readonly SparseSegment[];
  #index = 0;
  /** Bytes of the current segment that were written. */
  #written = 0;

  constructor(segments: readonly SparseSegment[]) {
    this.#segments = segments;
  }

  /** Hand each part of a chunk to `write`, with its offset in the file. */
  write(chunk: Buffer, write: (piece: Buffer, offset: number) => void): void {
    for (let at = 0; at < chunk.length;) {
      const segment = this.#segments[this.#index];
      if (segment === undefined) return;
      const take = Math.min(chunk.length - at, segment.lengthBytes - this.#written);
      if (take > 0) write(chunk.subarray(at, at + take), segment.offset + this.#written);
      at += take;
      this.#written += take;
      if (this.#written < segment.lengthBytes) continue;
      this.#index++;
      this.#written = 0;
    }
  }
}
