/**
 * Constants of `<linux/bpf.h>`.
 */

/** Instructions of eBPF that classic BPF does not have. */
export const EBPF = {
  BPF_JMP32: 0x6,
  BPF_ALU64: 0x7,
  BPF_DW: 0x18,
  BPF_ATOMIC: 0xc0,
  BPF_MOV: 0xb0,
  BPF_ARSH: 0xc0,
  BPF_END: 0xd0,
  BPF_TO_LE: 0x0,
  BPF_TO_BE: 0x8,
  BPF_JNE: 0x50,
  BPF_JLT: 0xa0,
  BPF_JLE: 0xb0,
  BPF_JSGT: 0x60,
  BPF_JSGE: 0x70,
  BPF_JSLT: 0xc0,
  BPF_JSLE: 0xd0,
  BPF_CALL: 0x80,
  BPF_EXIT: 0x90,
} as const;

/** Commands of bpf(2). */
export const BPF_CMD = {
  BPF_MAP_CREATE: 0,
  BPF_MAP_LOOKUP_ELEM: 1,
  BPF_MAP_UPDATE_ELEM: 2,
  BPF_MAP_DELETE_ELEM: 3,
  BPF_PROG_LOAD: 5,
  BPF_OBJ_PIN: 6,
  BPF_OBJ_GET: 7,
  BPF_PROG_ATTACH: 8,
  BPF_PROG_DETACH: 9,
  BPF_PROG_TEST_RUN: 10,
  BPF_PROG_GET_NEXT_ID: 11,
  BPF_PROG_GET_FD_BY_ID: 13,
  BPF_OBJ_GET_INFO_BY_FD: 15,
  BPF_PROG_QUERY: 16,
  BPF_LINK_CREATE: 28,
  BPF_LINK_UPDATE: 29,
} as const;

/** Kinds of program that act on cgroups. */
export const BPF_PROG_TYPE = {
  BPF_PROG_TYPE_CGROUP_SKB: 8,
  BPF_PROG_TYPE_CGROUP_SOCK: 9,
  BPF_PROG_TYPE_CGROUP_DEVICE: 15,
  BPF_PROG_TYPE_CGROUP_SOCK_ADDR: 18,
  BPF_PROG_TYPE_CGROUP_SYSCTL: 23,
  BPF_PROG_TYPE_CGROUP_SOCKOPT: 25,
} as const;

/** Where such a program is attached. */
export const BPF_ATTACH = {
  BPF_CGROUP_INET_INGRESS: 0,
  BPF_CGROUP_INET_EGRESS: 1,
  BPF_CGROUP_INET_SOCK_CREATE: 2,
  BPF_CGROUP_SOCK_OPS: 3,
  BPF_CGROUP_DEVICE: 6,
  BPF_CGROUP_SYSCTL: 18,
} as const;

/** How it is attached. */
export const BPF_F = {
  BPF_F_ALLOW_OVERRIDE: 0x1,
  BPF_F_ALLOW_MULTI: 0x2,
  BPF_F_REPLACE: 0x4,
  BPF_F_QUERY_EFFECTIVE: 0x1,
} as const;

/** What a device program is asked: access, shifted left by 16, and type. See `struct bpf_cgroup_dev_ctx`. */
export const BPF_DEVCG = {
  BPF_DEVCG_ACC_MKNOD: 1,
  BPF_DEVCG_ACC_READ: 2,
  BPF_DEVCG_ACC_WRITE: 4,
  BPF_DEVCG_DEV_BLOCK: 1,
  BPF_DEVCG_DEV_CHAR: 2,
} as const;
