/**
 * Constants of `<linux/openat2.h>`.
 */

/** How openat2(2) may walk a path: `open_how.resolve`. */
export const RESOLVE = {
  RESOLVE_NO_XDEV: 0x1,
  RESOLVE_NO_MAGICLINKS: 0x2,
  RESOLVE_NO_SYMLINKS: 0x4,
  RESOLVE_BENEATH: 0x8,
  RESOLVE_IN_ROOT: 0x10,
  RESOLVE_CACHED: 0x20,
} as const;
