import type { ByteString } from '../byte-string.js';

/** What an entry of an archive is. */
export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** A moment. Seconds since 1970, negative before it, and the nanoseconds after that second. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A run of bytes of a sparse file that is not a hole. */
export interface SparseSegment {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** An entry, with what its own and its extended headers say. */
export interface TarEntry {
  readonly type: TarEntryType;
  readonly name: ByteString;
  /** Target of a link; empty for others. */
  readonly linkName: ByteString;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifyTime: TarTime;
  /** Bytes of data that follow in the archive: of a sparse file only what is not a hole. */
  readonly dataBytes: number;
  /** Bytes of the file. */
  readonly sizeBytes: number;
  readonly majorNumber: number;
  readonly minorNumber: number;
  /** From `SCHILY.xattr.*`, values as they are. */
  readonly xattrs: ReadonlyMap<ByteString, Buffer>;
  /** Where the data goes, in order and without overlap. Undefined for a file without holes. */
  readonly sparse?: readonly SparseSegment[] | undefined;
}

/** Who gets what {@link TarReader} reads. */
export interface TarSink {
  /** An entry begins. */
  entry(entry: TarEntry): void;
  /** Some of its data. The memory belongs to the chunk that was pushed. */
  data(chunk: Buffer): void;
  /** The entry is complete. */
  end(): void;
}
