/**
 * Constants of `<linux/mempolicy.h>`.
 */

/** NUMA memory policies. See set_mempolicy(2). */
export const MPOL = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const;

/** Flags or-ed into the policy. */
export const MPOL_F = {
  MPOL_F_STATIC_NODES: 0x8000,
  MPOL_F_RELATIVE_NODES: 0x4000,
  MPOL_F_NUMA_BALANCING: 0x2000,
} as const;
