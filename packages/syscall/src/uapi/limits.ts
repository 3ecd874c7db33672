/**
 * Constants of `<linux/limits.h>`.
 */

/** Limits of the kernel, in bytes unless the name says otherwise. */
export const LIMITS = {
  NGROUPS_MAX: 65536,
  ARG_MAX: 131072,
  LINK_MAX: 127,
  NAME_MAX: 255,
  PATH_MAX: 4096,
  PIPE_BUF: 4096,
  XATTR_NAME_MAX: 255,
  XATTR_SIZE_MAX: 65536,
  XATTR_LIST_MAX: 65536,
} as const;
