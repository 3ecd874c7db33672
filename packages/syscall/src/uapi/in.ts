/**
 * Constants of `<linux/in.h>`.
 */

/** IP protocols. */
export const IPPROTO = {
  IPPROTO_IP: 0,
  IPPROTO_ICMP: 1,
  IPPROTO_TCP: 6,
  IPPROTO_UDP: 17,
  IPPROTO_IPV6: 41,
  IPPROTO_GRE: 47,
  IPPROTO_SCTP: 132,
  IPPROTO_RAW: 255,
} as const;
