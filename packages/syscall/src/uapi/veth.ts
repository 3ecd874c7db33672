/**
 * Constants of `<linux/veth.h>`.
 */

/** Attributes of a veth pair. */
export const VETH_INFO = {
  VETH_INFO_UNSPEC: 0,
  VETH_INFO_PEER: 1,
} as const;
