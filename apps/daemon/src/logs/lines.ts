import { formatNs } from '../engine/clock.js';
import type { LogRecord, StreamKind } from './record.js';

const NEWLINE = 10;

/**
 * Puts the time before every line of a log.
 *
 * A line may come in many records, and is passed on as it comes: only whether a line has begun is kept, for each
 * stream.
 */
export class Timestamper {
  readonly #inLine = new Set<StreamKind>();

  stamp(record: LogRecord): Buffer {
    const { stream, data } = record;
    const prefix = Buffer.from(`${formatNs(record.timeNs)} `);
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length;) {
      const newline = data.indexOf(NEWLINE, at);
      const end = newline === -1 ? data.length : newline + 1;
      if (!this.#inLine.has(stream)) parts.push(prefix);
      parts.push(data.subarray(at, end));
      if (newline === -1) this.#inLine.add(stream);
      else this.#inLine.delete(stream);
      at = end;
    }
    return Buffer.concat(parts);
  }
}
