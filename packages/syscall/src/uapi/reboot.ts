/**
 * Constants of `<linux/reboot.h>`.
 */

/** The first two arguments of reboot(2), without which nothing happens. */
export const LINUX_REBOOT_MAGIC = {
  LINUX_REBOOT_MAGIC1: 0xfee1dead,
  LINUX_REBOOT_MAGIC2: 672274793,
} as const;

/** What reboot(2) does. */
export const LINUX_REBOOT = {
  LINUX_REBOOT_CMD_RESTART: 0x01234567,
  LINUX_REBOOT_CMD_HALT: 0xcdef0123,
  LINUX_REBOOT_CMD_POWER_OFF: 0x4321fedc,
} as const;
