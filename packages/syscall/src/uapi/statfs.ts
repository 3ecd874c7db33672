/**
 * `struct statfs` of `<asm/statfs.h>`, the same on x86-64 and aarch64.
 */

/** Size of `struct statfs`. */
export const STATFS_SIZE = 120;

/** Where the members of `struct statfs` are. */
export const STATFS_OFFSETS = {
  f_type: 0,
  f_bsize: 8,
  f_blocks: 16,
  f_bfree: 24,
  f_bavail: 32,
  f_files: 40,
  f_ffree: 48,
  f_flags: 80,
} as const;

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
  const word = (name: keyof typeof STATFS_OFFSETS): bigint => view.getBigUint64(STATFS_OFFSETS[name], true);
  return {
    type: Number(word('f_type')),
    blockSizeBytes: Number(word('f_bsize')),
    blocks: word('f_blocks'),
    blocksFree: word('f_bfree'),
    blocksAvailable: word('f_bavail'),
    inodes: word('f_files'),
    inodesFree: word('f_ffree'),
    flags: Number(word('f_flags')),
  };
}
