/**
 * Constants of `<linux/netfilter/nfnetlink_conntrack.h>`, which needs `<linux/netlink.h>` before it.
 */

/** Messages about connections: the low byte of a message's type. */
export const IPCTNL_MSG = {
  IPCTNL_MSG_CT_NEW: 0,
  IPCTNL_MSG_CT_GET: 1,
  IPCTNL_MSG_CT_DELETE: 2,
} as const;

/** Attributes of a connection. */
export const CTA = {
  CTA_TUPLE_ORIG: 1,
  CTA_TUPLE_REPLY: 2,
  CTA_STATUS: 3,
  CTA_ID: 12,
  CTA_ZONE: 18,
} as const;

/** Attributes of a direction. */
export const CTA_TUPLE = {
  CTA_TUPLE_IP: 1,
  CTA_TUPLE_PROTO: 2,
  CTA_TUPLE_ZONE: 3,
} as const;

/** Attributes of a direction's addresses. */
export const CTA_IP = {
  CTA_IP_V4_SRC: 1,
  CTA_IP_V4_DST: 2,
  CTA_IP_V6_SRC: 3,
  CTA_IP_V6_DST: 4,
} as const;

/** Attributes of a direction's protocol and ports. */
export const CTA_PROTO = {
  CTA_PROTO_NUM: 1,
  CTA_PROTO_SRC_PORT: 2,
  CTA_PROTO_DST_PORT: 3,
} as const;
