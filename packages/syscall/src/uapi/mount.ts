/**
 * Constants of `<linux/mount.h>`, `<linux/fcntl.h>`.
 */

/** Flags of mount(2). */
export const MS = {
  MS_RDONLY: 0x1,
  MS_NOSUID: 0x2,
  MS_NODEV: 0x4,
  MS_NOEXEC: 0x8,
  MS_SYNCHRONOUS: 0x10,
  MS_REMOUNT: 0x20,
  MS_MANDLOCK: 0x40,
  MS_DIRSYNC: 0x80,
  MS_NOSYMFOLLOW: 0x100,
  MS_NOATIME: 0x400,
  MS_NODIRATIME: 0x800,
  MS_BIND: 0x1000,
  MS_MOVE: 0x2000,
  MS_REC: 0x4000,
  MS_SILENT: 0x8000,
  MS_POSIXACL: 0x10000,
  MS_UNBINDABLE: 0x20000,
  MS_PRIVATE: 0x40000,
  MS_SLAVE: 0x80000,
  MS_SHARED: 0x100000,
  MS_RELATIME: 0x200000,
  MS_KERNMOUNT: 0x400000,
  MS_I_VERSION: 0x800000,
  MS_STRICTATIME: 0x1000000,
  MS_LAZYTIME: 0x2000000,
} as const;

/**
 * Flags of open_tree(2).
 *
 * `AT_EMPTY_PATH`, `AT_NO_AUTOMOUNT`, `AT_RECURSIVE` and `AT_SYMLINK_NOFOLLOW` are allowed beside them.
 */
export const OPEN_TREE = {
  OPEN_TREE_CLONE: 0x1,
  OPEN_TREE_CLOEXEC: 0x80000,
} as const;

/** Flags of move_mount(2). */
export const MOVE_MOUNT = {
  MOVE_MOUNT_F_SYMLINKS: 0x1,
  MOVE_MOUNT_F_AUTOMOUNTS: 0x2,
  MOVE_MOUNT_F_EMPTY_PATH: 0x4,
  MOVE_MOUNT_T_SYMLINKS: 0x10,
  MOVE_MOUNT_T_AUTOMOUNTS: 0x20,
  MOVE_MOUNT_T_EMPTY_PATH: 0x40,
  MOVE_MOUNT_SET_GROUP: 0x100,
  MOVE_MOUNT_BENEATH: 0x200,
} as const;

/** Flags of fsopen(2). */
export const FSOPEN = {
  FSOPEN_CLOEXEC: 0x1,
} as const;

/** Flags of fspick(2). */
export const FSPICK = {
  FSPICK_CLOEXEC: 0x1,
  FSPICK_SYMLINK_NOFOLLOW: 0x2,
  FSPICK_NO_AUTOMOUNT: 0x4,
  FSPICK_EMPTY_PATH: 0x8,
} as const;

/** Commands of fsconfig(2). */
export const FSCONFIG = {
  FSCONFIG_SET_FLAG: 0,
  FSCONFIG_SET_STRING: 1,
  FSCONFIG_SET_BINARY: 2,
  FSCONFIG_SET_PATH: 3,
  FSCONFIG_SET_PATH_EMPTY: 4,
  FSCONFIG_SET_FD: 5,
  FSCONFIG_CMD_CREATE: 6,
  FSCONFIG_CMD_RECONFIGURE: 7,
  FSCONFIG_CMD_CREATE_EXCL: 8,
} as const;

/** Flags of fsmount(2). */
export const FSMOUNT = {
  FSMOUNT_CLOEXEC: 0x1,
} as const;

/**
 * Mount attributes of fsmount(2) and mount_setattr(2).
 *
 * The four access-time modes are one field, `MOUNT_ATTR__ATIME`: clear the field to set one of them.
 */
export const MOUNT_ATTR = {
  MOUNT_ATTR_RDONLY: 0x1,
  MOUNT_ATTR_NOSUID: 0x2,
  MOUNT_ATTR_NODEV: 0x4,
  MOUNT_ATTR_NOEXEC: 0x8,
  MOUNT_ATTR__ATIME: 0x70,
  MOUNT_ATTR_RELATIME: 0x0,
  MOUNT_ATTR_NOATIME: 0x10,
  MOUNT_ATTR_STRICTATIME: 0x20,
  MOUNT_ATTR_NODIRATIME: 0x80,
  MOUNT_ATTR_IDMAP: 0x100000,
  MOUNT_ATTR_NOSYMFOLLOW: 0x200000,
} as const;

/** Sizes of the published versions of `struct mount_attr`. */
export const MOUNT_ATTR_SIZE = {
  MOUNT_ATTR_SIZE_VER0: 32,
} as const;
