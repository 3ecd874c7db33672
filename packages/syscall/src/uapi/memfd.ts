/**
 * Constants of `<linux/memfd.h>`.
 */

/** Flags of memfd_create(2). Without `MFD_EXEC` or `MFD_NOEXEC_SEAL`, `vm.memfd_noexec` decides (Linux 6.3). */
export const MFD = {
  MFD_CLOEXEC: 0x1,
  MFD_ALLOW_SEALING: 0x2,
  MFD_HUGETLB: 0x4,
  MFD_NOEXEC_SEAL: 0x8,
  MFD_EXEC: 0x10,
} as const;
