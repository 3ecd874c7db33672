import type { ByteString } from '../byte-string.js';
import { corrupt, unsupported } from '../failure.js';
import type { SparseSegment, TarEntry, TarSink } from './entry.js';
import { checksumHolds, numberField, textField } from './fields.js';
import { type LongNames, parseHeader, typeFlag } from './header.js';
import { NO_RECORDS, parsePax, type PaxRecords } from './pax.js';
import { checkSegments, oldSegments, SparseDataMap, sparseForm } from './sparse.js';

const BLOCK = 512;
/** Extended headers and long names are held in memory. Go's reader has the same limit. */
const MAX_EXTENSION = 1024 * 1024;
/** Old sparse maps in blocks of their own: 21 segments each. */
const MAX_MAP_BLOCKS = 50_000;

type BlockHandler = (block: Buffer) => void;

/**
 * Reads a tar archive that comes in pieces, and hands each entry and its data to a sink.
 *
 * @remarks
 * Formats: v7, POSIX ustar and pax, GNU with long names, base-256 numbers and sparse files of every version. Bytes of
 * names and extended attributes stay as they are. Where formats leave a choice it is made as Go's archive/tar makes it,
 * so that what was scanned or packed by Docker's own tools is what is read here.
 *
 * Nothing is buffered but headers: data is passed on as it comes. Everything is synchronous.
 */
export class TarReader {
  readonly #sink: TarSink;
  /** Collects a block, or an extended header, that came in pieces. */
  #collected: Buffer = Buffer.allocUnsafe(BLOCK);
  #filled = 0;
  #wanted = BLOCK;
  #handle: BlockHandler = (block) => this.#header(block);
  #dataLeft = 0;
  #paddingLeft = 0;
  #inEntry = false;
  #zeroBlocks = 0;
  #pax: PaxRecords = NO_RECORDS;
  #long: LongNames = {};
  #hasExtension = false;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** True once the mark that ends an archive was read. What follows is ignored. */
  get isEnded(): boolean {
    return this.#zeroBlocks >= 2;
  }

  /**
   * Read on.
   *
   * @throws NsError `ERR_NS_CORRUPT` for what is no tar archive; `ERR_NS_UNSUPPORTED` for a form that is not read.
   * Whatever the sink throws. The reader is of no use after that.
   */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.isEnded;) {
      const left = chunk.length - at;
      if (this.#dataLeft > 0) {
        const take = Math.min(left, this.#dataLeft);
        this.#sink.data(take === chunk.length ? chunk : chunk.subarray(at, at + take));
        this.#dataLeft -= take;
        at += take;
        this.#endIfComplete();
      } else if (this.#paddingLeft > 0) {
        const take = Math.min(left, this.#paddingLeft);
        this.#paddingLeft -= take;
        at += take;
      } else {
        at += this.#collect(chunk, at, left);
      }
    }
  }

  /**
   * The archive is over.
   *
   * @param options - `endMark`: an archive without the two zero blocks at its end is refused. Otherwise one that ends
   * between two entries passes, as some programs never write the mark.
   * @throws NsError `ERR_NS_CORRUPT` for an archive that was cut off.
   */
  finish(options: { readonly endMark: boolean }): void {
    if (this.isEnded) return;
    const hint = 'the archive was cut off: create or copy it again';
    if (this.#inEntry || this.#hasExtension || this.#filled > 0 || this.#paddingLeft > 0) {
      throw corrupt('tar', 'the archive ends within an entry', { hint });
    }
    if (options.endMark && this.#zeroBlocks < 1) {
      throw corrupt('tar', 'the archive ends without the blocks of zeros that end one', { hint });
    }
  }

  /** Take what is missing of the wanted bytes; returns how many were taken. */
  #collect(chunk: Buffer, at: number, left: number): number {
    const missing = this.#wanted - this.#filled;
    if (this.#filled === 0 && left >= missing) {
      this.#complete(chunk.subarray(at, at + missing));
      return missing;
    }
    const take = Math.min(left, missing);
    if (this.#collected.length < this.#wanted) this.#collected = Buffer.allocUnsafe(this.#wanted);
    chunk.copy(this.#collected, this.#filled, at, at + take);
    this.#filled += take;
    if (this.#filled === this.#wanted) this.#complete(this.#collected.subarray(0, this.#wanted));
    return take;
  }

  #complete(bytes: Buffer): void {
    const handle = this.#handle;
    this.#filled = 0;
    handle(bytes);
  }

  #expect(size: number, handle: BlockHandler): void {
    this.#wanted = size;
    this.#handle = handle;
  }

  readonly #header = (block: Buffer): void => {
    if (isZero(block)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw corrupt('tar', 'something follows a block of zeros that ends an archive');
    if (!checksumHolds(block))
      throw corrupt('tar', 'a header whose checksum is wrong, or no tar archive at all');
    const flag = typeFlag(block);
    if (flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K') this.#extension(flag, block);
    else if (flag === 'V') this.#skip(block);
    else this.#entry(block);
  };

  /** A header whose data describes the next entry. */
  #extension(flag: 'x' | 'g' | 'L' | 'K', block: Buffer): void {
    const size = numberField(block, 124, 12, 'the size of an extended header');
    if (size < 0 || size > MAX_EXTENSION) {
      throw corrupt('tar', `an extended header of ${size} bytes, where at most ${MAX_EXTENSION} are read`);
    }
    const read = (data: Buffer): void => {
      this.#expect(BLOCK, this.#header);
      if (flag === 'x') this.#pax = parsePax(data);
      else if (flag === 'L') this.#long = { ...this.#long, name: textField(data, 0, data.length) };
      else if (flag === 'K') this.#long = { ...this.#long, linkName: textField(data, 0, data.length) };
      // A global header is ignored, as Docker ignores it: git writes its commit there.
      this.#paddingLeft = paddingOf(size);
      this.#hasExtension ||= flag !== 'g';
    };
    if (size === 0) read(block.subarray(0, 0));
    else this.#expect(size, read);
  }

  /** A volume's label. */
  #skip(block: Buffer): void {
    const size = numberField(block, 124, 12, 'a size');
    if (size !== 0) throw unsupported('tar', 'an archive of several volumes');
  }

  #entry(block: Buffer): void {
    const pax = this.#pax;
    const entry = parseHeader(block, pax, this.#long);
    this.#pax = NO_RECORDS;
    this.#long = {};
    this.#hasExtension = false;
    this.#inEntry = true;
    if (entry.type !== 'file') return this.#begin(entry);
    if (typeFlag(block) === 'S') return this.#oldSparse(entry, block);
    const form = sparseForm(pax);
    if (form === undefined) return this.#begin(entry);
    const name: ByteString = pax.values.get('GNU.sparse.name') || entry.name;
    const file = { ...entry, name, sizeBytes: form.sizeBytes };
    if (form.kind === 'header') this.#beginSparse(file, form.segments);
    else this.#mapInData(file);
  }

  /** GNU's oldest format: the map begins in the header and goes on in blocks of its own. */
  #oldSparse(entry: TarEntry, block: Buffer): void {
    const sizeBytes = numberField(block, 483, 12, 'the size of a sparse file');
    const segments = oldSegments(block, 386, 4);
    let blocks = 0;
    const more = (map: Buffer): void => {
      segments.push(...oldSegments(map, 0, 21));
      if (++blocks > MAX_MAP_BLOCKS) throw corrupt('tar', 'a sparse map without end');
      if (map[504] === 0) this.#beginSparse({ ...entry, sizeBytes }, segments);
    };
    if (block[482] === 0) this.#beginSparse({ ...entry, sizeBytes }, segments);
    else this.#expect(BLOCK, more);
  }

  /** Format 1.0: the map is the first blocks of the data. */
  #mapInData(entry: TarEntry): void {
    const map = new SparseDataMap();
    let { dataBytes } = entry;
    const read = (block: Buffer): void => {
      dataBytes -= BLOCK;
      if (dataBytes < 0) throw corrupt('tar', 'a sparse map that does not end within its file');
      const segments = map.push(block);
      if (segments !== undefined) this.#beginSparse({ ...entry, dataBytes }, segments);
    };
    this.#expect(BLOCK, read);
  }

  #beginSparse(entry: TarEntry, segments: readonly SparseSegment[]): void {
    checkSegments(segments, entry.sizeBytes, entry.dataBytes);
    this.#begin({ ...entry, sparse: segments });
  }

  #begin(entry: TarEntry): void {
    this.#expect(BLOCK, this.#header);
    this.#dataLeft = entry.dataBytes;
    this.#paddingLeft = paddingOf(entry.dataBytes);
    this.#sink.entry(entry);
    this.#endIfComplete();
  }

  #endIfComplete(): void {
    if (this.#dataLeft > 0) return;
    this.#inEntry = false;
    this.#sink.end();
  }
}

const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

function isZero(block: Buffer): boolean {
  if (block[0] !== 0) return false;
  for (const byte of block) if (byte !== 0) return false;
  return true;
}
