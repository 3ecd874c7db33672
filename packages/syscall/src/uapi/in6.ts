/**
 * Constants of `<linux/in6.h>`.
 */

/** Options at level `IPPROTO_IPV6`. See ipv6(7). */
export const IPV6 = {
  IPV6_V6ONLY: 26,
} as const;
