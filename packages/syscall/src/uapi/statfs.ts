/**
 * `struct statfs` of `<asm/statfs.h>`, the same on x86-64 and aarch64.
 */

/** Size of `struct statfs`. */
export const STATFS_SIZE = 120;

/** What statfs(2) says of a file system. */
export interface Statfs {
  /** One of `MAGIC`. */
  readonly type: number;
  /** The unit of `blocks`, `blocksFree` and `blocksAvailable`. */
  readonly blockSizeBytes: number;
  readonly blocks: bigint;
  readonly blocksFree: bigint;
  /** To users without privileges. */
  readonly blocksAvailable: bigint;
  readonly inodes: bigint;
  readonly inodesFree: bigint;
  /** `ST_*`: how it is mounted. */
  readonly flags: number;
}

/** Reads a `struct statfs`. */
export function parseStatfs(bytes: Uint8Array): Statfs {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (at: number): bigint => view.getBigUint64(at, true);
  return {
    type: Number(u64(0)),
    blockSizeBytes: Number(u64(8)),
    blocks: u64(16),
    blocksFree: u64(24),
    blocksAvailable: u64(32),
    inodes: u64(40),
    inodesFree: u64(48),
    flags: Number(u64(80)),
  };
}
