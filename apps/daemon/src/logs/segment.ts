import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

import {
  decodeHeader,
  decodeOpenHeader,
  encodeHeader,
  encodeTrailer,
  type Header,
  HEADER_BYTES,
  type LogRecord,
  MAX_DATA_BYTES,
  RECORD_OVERHEAD,
  TRAILER_BYTES,
} from './record.js';

const BLOCK_BYTES = MAX_DATA_BYTES + RECORD_OVERHEAD;

/** Reads one log file from a byte offset on, up to another, a block at a time. */
export class SegmentReader {
  readonly #file: FileHandle;
  readonly #end: number;
  #offset: number;

  constructor(file: FileHandle, offset = 0, end: number = Infinity) {
    this.#file = file;
    this.#end = end;
    this.#offset = offset;
  }

  /** The whole records of the next block; empty at the end, or at that of the file as it is now. */
  async next(): Promise<LogRecord[]> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    const length = Math.min(BLOCK_BYTES, Math.max(0, this.#end - this.#offset));
    if (length === 0) return [];
    const { bytesRead } = await this.#file.read(block, 0, length, this.#offset);
    const records: LogRecord[] = [];
    let at = 0;
    for (;;) {
      const header = decodeHeader(block.subarray(0, bytesRead), at);
      if (header === undefined || at + RECORD_OVERHEAD + header.length > bytesRead) break;
      const start = at + HEADER_BYTES;
      records.push({
        stream: header.stream,
        timeNs: header.timeNs,
        data: block.subarray(start, start + header.length),
      });
      at += RECORD_OVERHEAD + header.length;
    }
    this.#offset += at;
    return records;
  }
}

/** A record and the byte of the file at which it begins. */
export interface PlacedRecord extends LogRecord {
  readonly offset: number;
}

/** The records of a file that end at or before `end`, last first. */
export async function* backwards(file: FileHandle, end: number): AsyncGenerator<PlacedRecord> {
  let stop = end;
  while (stop > 0) {
    const start = Math.max(0, stop - 2 * BLOCK_BYTES);
    const block = Buffer.allocUnsafe(stop - start);
    await file.read(block, 0, block.length, start);
    let at = block.length;
    for (;;) {
      const record = lastRecord(block, at);
      if (record === undefined) break;
      at -= RECORD_OVERHEAD + record.data.length;
      yield { ...record, offset: start + at };
    }
    // No whole record in two blocks: the bytes before are not ours.
    if (at === block.length) return;
    stop = start + at;
  }
}

function lastRecord(block: Buffer, end: number): LogRecord | undefined {
  if (end < RECORD_OVERHEAD) return undefined;
  const length = block.readUInt32BE(end - TRAILER_BYTES);
  const start = end - RECORD_OVERHEAD - length;
  if (start < 0) return undefined;
  const header = decodeHeader(block, start);
  if (header?.length !== length) return undefined;
  return {
    stream: header.stream,
    timeNs: header.timeNs,
    data: block.subarray(start + HEADER_BYTES, start + HEADER_BYTES + length),
  };
}

/**
 * Close an open record that a crash left, or cut off what it left of a last one.
 *
 * @returns The size of the file after that, in bytes.
 */
export function repair(fd: number): number {
  const size = fstatSync(fd).size;
  if (size === 0 || endsWell(fd, size)) return size;
  let good = 0;
  const head = Buffer.alloc(HEADER_BYTES);
  for (;;) {
    if (readSync(fd, head, 0, HEADER_BYTES, good) < HEADER_BYTES) break;
    const header = decodeHeader(head);
    if (header === undefined || good + RECORD_OVERHEAD + header.length > size) break;
    good += RECORD_OVERHEAD + header.length;
  }
  const length = size - good - HEADER_BYTES;
  const last = length > 0 && length <= MAX_DATA_BYTES ? unfinished(head, length) : undefined;
  if (last === undefined) {
    ftruncateSync(fd, good);
    return good;
  }
  writeSync(fd, encodeHeader(last.stream, length, last.timeNs), 0, HEADER_BYTES, good);
  writeSync(fd, encodeTrailer(length), 0, TRAILER_BYTES, size);
  return size + TRAILER_BYTES;
}

/** An open record, or one that lacks its trailer alone: `length` bytes of data follow its header, to the end of the file. */
function unfinished(head: Buffer, length: number): Omit<Header, 'length'> | undefined {
  const header = decodeHeader(head);
  return header?.length === length ? header : decodeOpenHeader(head);
}

function endsWell(fd: number, size: number): boolean {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  if (size < RECORD_OVERHEAD) return false;
  readSync(fd, trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES);
  const start = size - RECORD_OVERHEAD - trailer.readUInt32BE();
  if (start < 0) return false;
  const head = Buffer.alloc(HEADER_BYTES);
  readSync(fd, head, 0, HEADER_BYTES, start);
  return decodeHeader(head)?.length === trailer.readUInt32BE();
}
