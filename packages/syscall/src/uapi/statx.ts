/**
 * `struct statx` of `<linux/stat.h>`.
 */
import { makedev } from './kdev-t.js';

/** Size of `struct statx`. */
export const STATX_SIZE = 256;

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
  const u32 = (at: number): number => view.getUint32(at, true);
  const u64 = (at: number): bigint => view.getBigUint64(at, true);
  const time = (at: number): StatxTime => ({ seconds: view.getBigInt64(at, true), nanoseconds: u32(at + 8) });
  return {
    mask: u32(0),
    blockSizeBytes: u32(4),
    attributes: u64(8),
    links: u32(16),
    uid: u32(20),
    gid: u32(24),
    mode: view.getUint16(28, true),
    inode: u64(32),
    sizeBytes: u64(40),
    blocks: u64(48),
    attributesMask: u64(56),
    accessTime: time(64),
    birthTime: time(80),
    changeTime: time(96),
    modifyTime: time(112),
    deviceOfNode: makedev(u32(128), u32(132)),
    device: makedev(u32(136), u32(140)),
    mountId: u64(144),
  };
}
