/**
 * Constants of `<linux/xattr.h>`.
 */

/** Flags of setxattr(2), and limits. */
export const XATTR = {
  XATTR_CREATE: 1,
  XATTR_REPLACE: 2,
} as const;
