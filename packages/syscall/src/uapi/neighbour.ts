/**
 * Constants of `<linux/neighbour.h>`.
 */

/** Attributes of a neighbour. */
export const NDA = {
  NDA_UNSPEC: 0,
  NDA_DST: 1,
  NDA_LLADDR: 2,
  NDA_CACHEINFO: 3,
  NDA_PROBES: 4,
  NDA_VLAN: 5,
  NDA_PORT: 6,
  NDA_VNI: 7,
  NDA_IFINDEX: 8,
  NDA_MASTER: 9,
  NDA_LINK_NETNSID: 10,
  NDA_SRC_VNI: 11,
  NDA_PROTOCOL: 12,
  NDA_NH_ID: 13,
  NDA_FDB_EXT_ATTRS: 14,
  NDA_FLAGS_EXT: 15,
  NDA_NDM_STATE_MASK: 16,
  NDA_NDM_FLAGS_MASK: 17,
} as const;

/** Flags of a neighbour. */
export const NTF = {
  NTF_USE: 0x1,
  NTF_SELF: 0x2,
  NTF_MASTER: 0x4,
  NTF_PROXY: 0x8,
  NTF_OFFLOADED: 0x20,
  NTF_STICKY: 0x40,
  NTF_ROUTER: 0x80,
} as const;

/** States of a neighbour. */
export const NUD = {
  NUD_INCOMPLETE: 0x1,
  NUD_REACHABLE: 0x2,
  NUD_STALE: 0x4,
  NUD_DELAY: 0x8,
  NUD_PROBE: 0x10,
  NUD_FAILED: 0x20,
  NUD_NOARP: 0x40,
  NUD_PERMANENT: 0x80,
  NUD_NONE: 0x0,
} as const;
