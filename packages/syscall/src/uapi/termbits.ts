/**
 * Constants of `<asm/termbits.h>`.
 */

/** Control modes of `struct termios`. See termios(3). */
export const TERMIOS_CFLAG = {
  B38400: 0xf,
  CS8: 0x30,
  CREAD: 0x80,
  CLOCAL: 0x800,
} as const;

/** Places in `c_cc` of `struct termios`. */
export const TERMIOS_CC = {
  VTIME: 5,
  VMIN: 6,
} as const;
