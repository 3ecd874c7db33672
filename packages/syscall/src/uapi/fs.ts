/**
 * Constants of `<linux/fs.h>`.
 */

/** Flags of renameat2(2). */
export const RENAME = {
  RENAME_NOREPLACE: 0x1,
  RENAME_EXCHANGE: 0x2,
  RENAME_WHITEOUT: 0x4,
} as const;

/** Origins of lseek(2). */
export const SEEK = {
  SEEK_SET: 0,
  SEEK_CUR: 1,
  SEEK_END: 2,
  SEEK_DATA: 3,
  SEEK_HOLE: 4,
} as const;

/** Inode flags: `FS_IOC_GETFLAGS`, `FS_IOC_SETFLAGS`. */
export const FS_FL = {
  FS_IMMUTABLE_FL: 0x10,
  FS_APPEND_FL: 0x20,
  FS_NODUMP_FL: 0x40,
  FS_NOATIME_FL: 0x80,
  FS_NOCOW_FL: 0x800000,
  FS_PROJINHERIT_FL: 0x20000000,
} as const;
