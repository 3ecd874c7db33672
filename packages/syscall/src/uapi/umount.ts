/**
 * Constants of `<sys/mount.h>`.
 */

/** Flags of umount2(2). The kernel keeps them out of its uapi headers. */
export const MNT = {
  MNT_FORCE: 0x1,
  MNT_DETACH: 0x2,
  MNT_EXPIRE: 0x4,
  UMOUNT_NOFOLLOW: 0x8,
} as const;
