/**
 * Device numbers of `<linux/kdev_t.h>`: how mknod(2) and statx(2) pack the two halves into one.
 */

/** The number that mknodat(2) takes: 12 bits of major, 20 bits of minor. */
export function makedev(majorNumber: number, minorNumber: number): number {
  return (((minorNumber & 0xfff00) << 12) | (majorNumber << 8) | (minorNumber & 0xff)) >>> 0;
}

/** The major half of a device number. */
export function major(device: number): number {
  return (device >>> 8) & 0xfff;
}

/** The minor half of a device number. */
export function minor(device: number): number {
  return ((device >>> 12) & 0xfff00) | (device & 0xff);
}
