/**
 * Constants of `<fcntl.h>`.
 */

/** Flags of splice(2). */
export const SPLICE = {
  SPLICE_F_MOVE: 0x1,
  SPLICE_F_NONBLOCK: 0x2,
  SPLICE_F_MORE: 0x4,
  SPLICE_F_GIFT: 0x8,
} as const;
