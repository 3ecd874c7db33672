/**
 * Constants of `<linux/random.h>`.
 */

/** Flags of getrandom(2). */
export const GRND = {
  GRND_NONBLOCK: 0x1,
  GRND_RANDOM: 0x2,
  GRND_INSECURE: 0x4,
} as const;
