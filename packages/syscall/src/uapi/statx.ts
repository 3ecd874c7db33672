/**
 * `struct statx` of `<linux/stat.h>`.
 */
import { makedev } from './kdev-t.js';

/** Size of `struct statx`. */
export const STATX_SIZE = 256;

/** Where the members of `struct statx` are. */
export const STATX_OFFSETS = {
  stx_mask: 0,
  stx_blksize: 4,
  stx_attributes: 8,
  stx_nlink: 16,
  stx_uid: 20,
  stx_gid: 24,
  stx_mode: 28,
  stx_ino: 32,
  stx_size: 40,
  stx_blocks: 48,
  stx_attributes_mask: 56,
  stx_atime: 64,
  stx_btime: 80,
  stx_ctime: 96,
  stx_mtime: 112,
  stx_rdev_major: 128,
  stx_rdev_minor: 132,
  stx_dev_major: 136,
  stx_dev_minor: 140,
  stx_mnt_id: 144,
} as const;

/** A moment as the kernel keeps it. */
export interface StatxTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** What statx(2) says of a file. Members whose bit is not in `mask` mean nothing. */
export interface Statx {
  /** The `STATX_*` that the kernel filled in. */
  readonly mask: number;
  /** `STATX_ATTR_*`. */
  readonly attributes: bigint;
  /** The `STATX_ATTR_*` that the file system knows of. */
  readonly attributesMask: bigint;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Type and permissions: `S_*`. */
  readonly mode: number;
  readonly inode: bigint;
  readonly sizeBytes: bigint;
  /** Allocated, in units of 512 bytes. */
  readonly blocks: bigint;
  /** Preferred unit of input and output. */
  readonly blockSizeBytes: number;
  readonly accessTime: StatxTime;
  readonly birthTime: StatxTime;
  readonly changeTime: StatxTime;
  readonly modifyTime: StatxTime;
  /** The device that a device file stands for. */
  readonly deviceOfNode: number;
  /** The device of the file system. */
  readonly device: number;
  /** With `STATX_MNT_ID` the number in `/proc/self/mountinfo`, Linux 5.8. */
  readonly mountId: bigint;
}

/** Reads a `struct statx`. */
export function parseStatx(bytes: Uint8Array): Statx {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = STATX_OFFSETS;
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const u64 = (offset: number): bigint => view.getBigUint64(offset, true);
  const time = (offset: number): StatxTime => ({
    seconds: view.getBigInt64(offset, true),
    nanoseconds: u32(offset + 8),
  });
  return {
    mask: u32(at.stx_mask),
    blockSizeBytes: u32(at.stx_blksize),
    attributes: u64(at.stx_attributes),
    links: u32(at.stx_nlink),
    uid: u32(at.stx_uid),
    gid: u32(at.stx_gid),
    mode: view.getUint16(at.stx_mode, true),
    inode: u64(at.stx_ino),
    sizeBytes: u64(at.stx_size),
    blocks: u64(at.stx_blocks),
    attributesMask: u64(at.stx_attributes_mask),
    accessTime: time(at.stx_atime),
    birthTime: time(at.stx_btime),
    changeTime: time(at.stx_ctime),
    modifyTime: time(at.stx_mtime),
    deviceOfNode: makedev(u32(at.stx_rdev_major), u32(at.stx_rdev_minor)),
    device: makedev(u32(at.stx_dev_major), u32(at.stx_dev_minor)),
    mountId: u64(at.stx_mnt_id),
  };
}
