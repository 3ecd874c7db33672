/**
 * Constants of `<linux/close_range.h>`.
 */

/** Flags of close_range(2). `CLOSE_RANGE_CLOEXEC` is Linux 5.11. */
export const CLOSE_RANGE = {
  CLOSE_RANGE_UNSHARE: 0x2,
  CLOSE_RANGE_CLOEXEC: 0x4,
} as const;
