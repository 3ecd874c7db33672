/**
 * The form of a log file: records that can be read forwards and backwards, and keep every byte.
 *
 * ```text
 * 0   1  stream: 1 stdout, 2 stderr     the first eight bytes are Docker's stream frame
 * 1   3  zero
 * 4   4  n, big endian
 * 8   8  nanoseconds since 1970, big endian
 * 16  n  what the program wrote
 *     4  n again, big endian: the way back, and the mark of a record that was written whole
 * ```
 *
 * The last record may be an open one, whose data is moved in by the kernel: byte 0 is zero, byte 1 the stream, and
 * length and trailer come when the data is there.
 */

export type StreamKind = 'stdout' | 'stderr';

/** Bytes that a container wrote in one go. */
export interface LogRecord {
  readonly stream: StreamKind;
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
  readonly data: Buffer;
}

export const HEADER_BYTES = 16;
export const TRAILER_BYTES = 4;
/** What a record adds to its data. */
export const RECORD_OVERHEAD: number = HEADER_BYTES + TRAILER_BYTES;
/** Larger output is split: the unit in which a reader holds data in memory. */
export const MAX_DATA_BYTES: number = 256 * 1024;

/** What a header says; undefined when the bytes are not one. */
export interface Header {
  readonly stream: StreamKind;
  readonly length: number;
  readonly timeNs: bigint;
}

export function encodeHeader(stream: StreamKind, length: number, timeNs: bigint): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(length, 4);
  header.writeBigUInt64BE(timeNs, 8);
  return header;
}

/** The header of an open record: no reader takes it for one. */
export function encodeOpenHeader(stream: StreamKind, timeNs: bigint): Buffer {
  const header = encodeHeader(stream, 0, timeNs);
  header[1] = header[0]!;
  header[0] = 0;
  return header;
}

/** Whose open record a header is; undefined when it is none. */
export function decodeOpenHeader(bytes: Buffer): Omit<Header, 'length'> | undefined {
  const closed = Buffer.from(bytes);
  if (closed[0] !== 0) return undefined;
  closed[0] = closed[1]!;
  closed[1] = 0;
  const header = decodeHeader(closed);
  return header?.length === 0 ? { stream: header.stream, timeNs: header.timeNs } : undefined;
}

export function encodeTrailer(length: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32BE(length);
  return trailer;
}

export function decodeHeader(bytes: Buffer, at = 0): Header | undefined {
  if (bytes.length < at + HEADER_BYTES) return undefined;
  const kind = bytes[at];
  const length = bytes.readUInt32BE(at + 4);
  if ((kind !== 1 && kind !== 2) || bytes.readUIntBE(at + 1, 3) !== 0 || length > MAX_DATA_BYTES)
    return undefined;
  return { stream: kind === 1 ? 'stdout' : 'stderr', length, timeNs: bytes.readBigUInt64BE(at + 8) };
}
