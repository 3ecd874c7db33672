/**
 * Constants of `<linux/securebits.h>`.
 */

/** Bits of `PR_SET_SECUREBITS`. See capabilities(7), "The securebits flags". */
export const SECBIT = {
  SECBIT_NOROOT: 0x1,
  SECBIT_NOROOT_LOCKED: 0x2,
  SECBIT_NO_SETUID_FIXUP: 0x4,
  SECBIT_NO_SETUID_FIXUP_LOCKED: 0x8,
  SECBIT_KEEP_CAPS: 0x10,
  SECBIT_KEEP_CAPS_LOCKED: 0x20,
  SECBIT_NO_CAP_AMBIENT_RAISE: 0x40,
  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED: 0x80,
} as const;
