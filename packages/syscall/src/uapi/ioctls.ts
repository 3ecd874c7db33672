/**
 * Requests of ioctl(2) of `<asm/ioctls.h>`, `<linux/nsfs.h>`, `<linux/fs.h>`, `<linux/loop.h>`, `<linux/if_tun.h>`, `<linux/seccomp.h>`.
 */

/** Terminals. See ioctl_tty(2) and pty(7). */
export const TIO = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCSBRK: 0x5409,
  TIOCEXCL: 0x540c,
  TIOCNXCL: 0x540d,
  TIOCSCTTY: 0x540e,
  TIOCNOTTY: 0x5422,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCGSID: 0x5429,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCINQ: 0x541b,
  TIOCOUTQ: 0x5411,
  TIOCSTI: 0x5412,
  TIOCCONS: 0x541d,
  TIOCPKT: 0x5420,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTLCK: 0x80045439,
  TIOCGPTPEER: 0x5441,
  TIOCVHANGUP: 0x5437,
} as const;

/** Any descriptor. */
export const FIO = {
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  FIOASYNC: 0x5452,
  FIOCLEX: 0x5451,
  FIONCLEX: 0x5450,
} as const;

/** Namespaces. See ioctl_ns(2). */
export const NS_GET = {
  NS_GET_USERNS: 0xb701,
  NS_GET_PARENT: 0xb702,
  NS_GET_NSTYPE: 0xb703,
  NS_GET_OWNER_UID: 0xb704,
  NS_GET_MNTNS_ID: 0x8008b705,
  NS_GET_PID_FROM_PIDNS: 0x8004b706,
  NS_GET_TGID_FROM_PIDNS: 0x8004b707,
  NS_GET_PID_IN_PIDNS: 0x8004b708,
  NS_GET_TGID_IN_PIDNS: 0x8004b709,
} as const;

/** Files and file systems: flags, clones, freezing. */
export const FS_IOC = {
  FICLONE: 0x40049409,
  FICLONERANGE: 0x4020940d,
  FIDEDUPERANGE: 0xc0189436,
  FIFREEZE: 0xc0045877,
  FITHAW: 0xc0045878,
  FITRIM: 0xc0185879,
  FS_IOC_GETFLAGS: 0x80086601,
  FS_IOC_SETFLAGS: 0x40086602,
  FS_IOC_FSGETXATTR: 0x801c581f,
  FS_IOC_FSSETXATTR: 0x401c5820,
  BLKGETSIZE64: 0x80081272,
  BLKSSZGET: 0x1268,
} as const;

/** Loop devices. See loop(4). */
export const LOOP = {
  LOOP_SET_FD: 0x4c00,
  LOOP_CLR_FD: 0x4c01,
  LOOP_SET_STATUS64: 0x4c04,
  LOOP_GET_STATUS64: 0x4c05,
  LOOP_CONFIGURE: 0x4c0a,
  LOOP_CTL_ADD: 0x4c80,
  LOOP_CTL_REMOVE: 0x4c81,
  LOOP_CTL_GET_FREE: 0x4c82,
} as const;

/** TUN and TAP devices. See tuntap.rst. */
export const TUN = {
  TUNSETIFF: 0x400454ca,
  TUNGETIFF: 0x800454d2,
  TUNSETPERSIST: 0x400454cb,
  TUNSETOWNER: 0x400454cc,
  TUNSETGROUP: 0x400454ce,
  TUNSETOFFLOAD: 0x400454d0,
  TUNSETVNETHDRSZ: 0x400454d8,
} as const;

/** The listener of a seccomp filter. See seccomp_unotify(2). */
export const SECCOMP_IOCTL = {
  SECCOMP_IOCTL_NOTIF_RECV: 0xc0502100,
  SECCOMP_IOCTL_NOTIF_SEND: 0xc0182101,
  SECCOMP_IOCTL_NOTIF_ID_VALID: 0x40082102,
  SECCOMP_IOCTL_NOTIF_ADDFD: 0x40182103,
} as const;
