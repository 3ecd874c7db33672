/**
 * Constants of `<unistd.h>`.
 */

/** Modes of access(2). */
export const ACCESS = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
} as const;
