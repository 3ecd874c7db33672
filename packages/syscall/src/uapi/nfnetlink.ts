/**
 * Constants of `<linux/netfilter/nfnetlink.h>`, which needs `<linux/netlink.h>` before it.
 */

/** Subsystems: the high byte of a message's type. */
export const NFNL_SUBSYS = {
  NFNL_SUBSYS_NONE: 0,
  NFNL_SUBSYS_CTNETLINK: 1,
  NFNL_SUBSYS_CTNETLINK_EXP: 2,
  NFNL_SUBSYS_QUEUE: 3,
  NFNL_SUBSYS_ULOG: 4,
  NFNL_SUBSYS_OSF: 5,
  NFNL_SUBSYS_IPSET: 6,
  NFNL_SUBSYS_ACCT: 7,
  NFNL_SUBSYS_CTNETLINK_TIMEOUT: 8,
  NFNL_SUBSYS_CTHELPER: 9,
  NFNL_SUBSYS_NFTABLES: 10,
  NFNL_SUBSYS_NFT_COMPAT: 11,
  NFNL_SUBSYS_HOOK: 12,
} as const;

/** Messages around a batch. */
export const NFNL_MSG = {
  NFNL_MSG_BATCH_BEGIN: 16,
  NFNL_MSG_BATCH_END: 17,
} as const;

/** Attributes of a batch's first message. */
export const NFNL_BATCH = {
  NFNL_BATCH_UNSPEC: 0,
  NFNL_BATCH_GENID: 1,
} as const;

/** Multicast groups of nfnetlink. */
export const NFNLGRP = {
  NFNLGRP_NONE: 0,
  NFNLGRP_CONNTRACK_NEW: 1,
  NFNLGRP_CONNTRACK_UPDATE: 2,
  NFNLGRP_CONNTRACK_DESTROY: 3,
  NFNLGRP_CONNTRACK_EXP_NEW: 4,
  NFNLGRP_CONNTRACK_EXP_UPDATE: 5,
  NFNLGRP_CONNTRACK_EXP_DESTROY: 6,
  NFNLGRP_NFTABLES: 7,
  NFNLGRP_ACCT_QUOTA: 8,
  NFNLGRP_NFTRACE: 9,
} as const;

/** The version of the header. */
export const NFNETLINK = {
  NFNETLINK_V0: 0,
} as const;
