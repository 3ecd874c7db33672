import { corrupt, unsupported } from '../failure.js';
import type { SparseSegment } from './entry.js';
import { numberField } from './fields.js';
import { paxInteger, type PaxRecords } from './pax.js';

/** More segments than this are refused: a map is held in memory. */
const MAX_SEGMENTS = 1_000_000;
const MAX_MAP = 32 * 1024 * 1024;

/** How the holes of a file are described. */
export type SparseForm =
  /** The map is in the extended header; `segments` has it. */
  | { readonly kind: 'header'; readonly sizeBytes: number; readonly segments: readonly SparseSegment[] }
  /** The map stands before the data. */
  | { readonly kind: 'data'; readonly sizeBytes: number };

/**
 * What an extended header says of a sparse file in GNU's formats 0.0, 0.1 and 1.0. See the manual of GNU tar,
 * "PAX Format, Version 0.0" and following.
 */
export function sparseForm({ values, sparsePairs }: PaxRecords): SparseForm | undefined {
  const major = values.get('GNU.sparse.major');
  const minor = values.get('GNU.sparse.minor');
  const map = values.get('GNU.sparse.map');
  const sizeBytes = paxInteger(values, 'GNU.sparse.realsize') ?? paxInteger(values, 'GNU.sparse.size');
  const version = major === undefined && minor === undefined ? undefined : `${major ?? 0}.${minor ?? 0}`;
  if (version === undefined && map === undefined && sparsePairs.length === 0) return undefined;
  if (version !== undefined && !['0.0', '0.1', '1.0'].includes(version)) {
    throw unsupported('tar', `sparse files in format ${version} are not known`, {
      hint: 'pack the archive without sparse files: tar without --sparse',
    });
  }
  if (sizeBytes === undefined) throw corrupt('tar', 'a sparse file without its size');
  if (version === '1.0') return { kind: 'data', sizeBytes };
  const numbers = map === undefined ? sparsePairs : map.split(',');
  return { kind: 'header', sizeBytes, segments: segmentsOf(numbers.map(wholeNumber)) };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(number)) {
    throw corrupt('tar', 'a sparse map has something else than numbers in it');
  }
  return number;
}

function segmentsOf(numbers: readonly number[]): SparseSegment[] {
  if (numbers.length % 2 !== 0) throw corrupt('tar', 'a sparse map ends within a segment');
  const segments: SparseSegment[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    segments.push({ offset: numbers[at] ?? 0, lengthBytes: numbers[at + 1] ?? 0 });
  }
  return segments;
}

/**
 * The map of format 1.0, which stands in blocks of its own before the data: the number of segments, then offset and
 * length of each, a line for each number.
 */
export class SparseDataMap {
  readonly #blocks: Buffer[] = [];
  #lines = 0;
  #wantedLines = 1;

  /** Take a block. Returns the map when this was the last of its blocks. */
  push(block: Buffer): SparseSegment[] | undefined {
    this.#blocks.push(Buffer.from(block));
    for (const byte of block) if (byte === 0x0a) this.#lines++;
    if (this.#lines < this.#wantedLines) {
      if (this.#blocks.length * 512 > MAX_MAP)
        throw corrupt('tar', `a sparse map of more than ${MAX_MAP} bytes`);
      return undefined;
    }
    const lines = Buffer.concat(this.#blocks).toString('latin1').split('\n');
    const count = wholeNumber(lines[0] ?? '');
    if (count > MAX_SEGMENTS) throw corrupt('tar', `a sparse map of ${count} segments`);
    this.#wantedLines = 1 + count * 2;
    if (this.#lines < this.#wantedLines) return undefined;
    return segmentsOf(lines.slice(1, this.#wantedLines).map(wholeNumber));
  }
}

/** The segments in a header or an extension block of GNU's oldest format: pairs of twelve-digit fields. */
export function oldSegments(block: Buffer, start: number, count: number): SparseSegment[] {
  const segments: SparseSegment[] = [];
  for (let index = 0; index < count; index++) {
    const at = start + index * 24;
    if (block[at] === 0 || block[at + 12] === 0) break;
    segments.push({
      offset: numberField(block, at, 12, 'an offset of a sparse map'),
      lengthBytes: numberField(block, at + 12, 12, 'a length of a sparse map'),
    });
  }
  return segments;
}

/** Refuse a map whose segments overlap, run backwards, exceed the file or do not add up to its data. */
export function checkSegments(
  segments: readonly SparseSegment[],
  sizeBytes: number,
  dataBytes: number,
): void {
  if (segments.length > MAX_SEGMENTS) throw corrupt('tar', `a sparse map of ${segments.length} segments`);
  let end = 0;
  let total = 0;
  for (const { offset, lengthBytes } of segments) {
    if (offset < end || lengthBytes < 0 || offset + lengthBytes > sizeBytes) {
      throw corrupt('tar', 'a sparse map whose segments overlap or lie outside of the file');
    }
    end = offset + lengthBytes;
    total += lengthBytes;
  }
  if (total !== dataBytes) {
    throw corrupt('tar', `a sparse map of ${total} bytes for ${dataBytes} bytes of data`);
  }
}
