/**
 * Constants of `<linux/netfilter/nf_tables.h>`.
 */

/** Registers: the verdict, four of 16 bytes, and the same as sixteen of 4 bytes. */
export const NFT_REG = {
  NFT_REG_VERDICT: 0,
  NFT_REG_1: 1,
  NFT_REG_2: 2,
  NFT_REG_3: 3,
  NFT_REG_4: 4,
  NFT_REG32_00: 8,
} as const;

/** Verdicts beside those of `<linux/netfilter.h>`. */
export const NFT_VERDICT = {
  NFT_CONTINUE: -1,
  NFT_BREAK: -2,
  NFT_JUMP: -3,
  NFT_GOTO: -4,
  NFT_RETURN: -5,
} as const;

/** Messages. */
export const NFT_MSG = {
  NFT_MSG_NEWTABLE: 0,
  NFT_MSG_GETTABLE: 1,
  NFT_MSG_DELTABLE: 2,
  NFT_MSG_NEWCHAIN: 3,
  NFT_MSG_GETCHAIN: 4,
  NFT_MSG_DELCHAIN: 5,
  NFT_MSG_NEWRULE: 6,
  NFT_MSG_GETRULE: 7,
  NFT_MSG_DELRULE: 8,
  NFT_MSG_NEWSET: 9,
  NFT_MSG_GETSET: 10,
  NFT_MSG_DELSET: 11,
  NFT_MSG_NEWSETELEM: 12,
  NFT_MSG_GETSETELEM: 13,
  NFT_MSG_DELSETELEM: 14,
  NFT_MSG_NEWGEN: 15,
  NFT_MSG_GETGEN: 16,
  NFT_MSG_TRACE: 17,
  NFT_MSG_NEWOBJ: 18,
  NFT_MSG_GETOBJ: 19,
  NFT_MSG_DELOBJ: 20,
  NFT_MSG_GETOBJ_RESET: 21,
  NFT_MSG_NEWFLOWTABLE: 22,
  NFT_MSG_GETFLOWTABLE: 23,
  NFT_MSG_DELFLOWTABLE: 24,
  NFT_MSG_MAX: 25,
} as const;

/** The attribute of each member of a list. */
export const NFTA_LIST = {
  NFTA_LIST_ELEM: 1,
} as const;

/** Attributes of a hook. */
export const NFTA_HOOK = {
  NFTA_HOOK_HOOKNUM: 1,
  NFTA_HOOK_PRIORITY: 2,
  NFTA_HOOK_DEV: 3,
  NFTA_HOOK_DEVS: 4,
} as const;

/** Attributes of a table. */
export const NFTA_TABLE = {
  NFTA_TABLE_NAME: 1,
  NFTA_TABLE_FLAGS: 2,
  NFTA_TABLE_USE: 3,
  NFTA_TABLE_HANDLE: 4,
  NFTA_TABLE_USERDATA: 6,
  NFTA_TABLE_OWNER: 7,
} as const;

/** Attributes of a chain. */
export const NFTA_CHAIN = {
  NFTA_CHAIN_TABLE: 1,
  NFTA_CHAIN_HANDLE: 2,
  NFTA_CHAIN_NAME: 3,
  NFTA_CHAIN_HOOK: 4,
  NFTA_CHAIN_POLICY: 5,
  NFTA_CHAIN_USE: 6,
  NFTA_CHAIN_TYPE: 7,
  NFTA_CHAIN_COUNTERS: 8,
  NFTA_CHAIN_FLAGS: 10,
  NFTA_CHAIN_ID: 11,
  NFTA_CHAIN_USERDATA: 12,
} as const;

/** Attributes of a rule. */
export const NFTA_RULE = {
  NFTA_RULE_TABLE: 1,
  NFTA_RULE_CHAIN: 2,
  NFTA_RULE_HANDLE: 3,
  NFTA_RULE_EXPRESSIONS: 4,
  NFTA_RULE_COMPAT: 5,
  NFTA_RULE_POSITION: 6,
  NFTA_RULE_USERDATA: 7,
  NFTA_RULE_ID: 9,
  NFTA_RULE_POSITION_ID: 10,
  NFTA_RULE_CHAIN_ID: 11,
} as const;

/** Attributes of what a set holds. */
export const NFTA_SET_DESC = {
  NFTA_SET_DESC_SIZE: 1,
  NFTA_SET_DESC_CONCAT: 2,
} as const;

/** Attributes of a field of a concatenation. */
export const NFTA_SET_FIELD = {
  NFTA_SET_FIELD_LEN: 1,
} as const;

/** Attributes of a set or map. */
export const NFTA_SET = {
  NFTA_SET_TABLE: 1,
  NFTA_SET_NAME: 2,
  NFTA_SET_FLAGS: 3,
  NFTA_SET_KEY_TYPE: 4,
  NFTA_SET_KEY_LEN: 5,
  NFTA_SET_DATA_TYPE: 6,
  NFTA_SET_DATA_LEN: 7,
  NFTA_SET_POLICY: 8,
  NFTA_SET_DESC: 9,
  NFTA_SET_ID: 10,
  NFTA_SET_TIMEOUT: 11,
  NFTA_SET_GC_INTERVAL: 12,
  NFTA_SET_USERDATA: 13,
  NFTA_SET_OBJ_TYPE: 15,
  NFTA_SET_HANDLE: 16,
  NFTA_SET_EXPR: 17,
  NFTA_SET_EXPRESSIONS: 18,
} as const;

/** Attributes of an element. */
export const NFTA_SET_ELEM = {
  NFTA_SET_ELEM_KEY: 1,
  NFTA_SET_ELEM_DATA: 2,
  NFTA_SET_ELEM_FLAGS: 3,
  NFTA_SET_ELEM_TIMEOUT: 4,
  NFTA_SET_ELEM_EXPIRATION: 5,
  NFTA_SET_ELEM_USERDATA: 6,
  NFTA_SET_ELEM_EXPR: 7,
  NFTA_SET_ELEM_OBJREF: 9,
  NFTA_SET_ELEM_KEY_END: 10,
  NFTA_SET_ELEM_EXPRESSIONS: 11,
} as const;

/** Attributes of a list of elements. */
export const NFTA_SET_ELEM_LIST = {
  NFTA_SET_ELEM_LIST_TABLE: 1,
  NFTA_SET_ELEM_LIST_SET: 2,
  NFTA_SET_ELEM_LIST_ELEMENTS: 3,
  NFTA_SET_ELEM_LIST_SET_ID: 4,
} as const;

/** Attributes of a value. */
export const NFTA_DATA = {
  NFTA_DATA_VALUE: 1,
  NFTA_DATA_VERDICT: 2,
} as const;

/** Attributes of a verdict. */
export const NFTA_VERDICT = {
  NFTA_VERDICT_CODE: 1,
  NFTA_VERDICT_CHAIN: 2,
  NFTA_VERDICT_CHAIN_ID: 3,
} as const;

/** Attributes of an expression. */
export const NFTA_EXPR = {
  NFTA_EXPR_NAME: 1,
  NFTA_EXPR_DATA: 2,
} as const;

/** Attributes of `immediate`. */
export const NFTA_IMMEDIATE = {
  NFTA_IMMEDIATE_DREG: 1,
  NFTA_IMMEDIATE_DATA: 2,
} as const;

/** Attributes of `bitwise`. */
export const NFTA_BITWISE = {
  NFTA_BITWISE_SREG: 1,
  NFTA_BITWISE_DREG: 2,
  NFTA_BITWISE_LEN: 3,
  NFTA_BITWISE_MASK: 4,
  NFTA_BITWISE_XOR: 5,
  NFTA_BITWISE_OP: 6,
  NFTA_BITWISE_DATA: 7,
} as const;

/** Attributes of `cmp`. */
export const NFTA_CMP = {
  NFTA_CMP_SREG: 1,
  NFTA_CMP_OP: 2,
  NFTA_CMP_DATA: 3,
} as const;

/** Attributes of `range`. */
export const NFTA_RANGE = {
  NFTA_RANGE_SREG: 1,
  NFTA_RANGE_OP: 2,
  NFTA_RANGE_FROM_DATA: 3,
  NFTA_RANGE_TO_DATA: 4,
} as const;

/** Attributes of `lookup`. */
export const NFTA_LOOKUP = {
  NFTA_LOOKUP_SET: 1,
  NFTA_LOOKUP_SREG: 2,
  NFTA_LOOKUP_DREG: 3,
  NFTA_LOOKUP_SET_ID: 4,
  NFTA_LOOKUP_FLAGS: 5,
} as const;

/** Attributes of `payload`. */
export const NFTA_PAYLOAD = {
  NFTA_PAYLOAD_DREG: 1,
  NFTA_PAYLOAD_BASE: 2,
  NFTA_PAYLOAD_OFFSET: 3,
  NFTA_PAYLOAD_LEN: 4,
  NFTA_PAYLOAD_SREG: 5,
  NFTA_PAYLOAD_CSUM_TYPE: 6,
  NFTA_PAYLOAD_CSUM_OFFSET: 7,
  NFTA_PAYLOAD_CSUM_FLAGS: 8,
} as const;

/** Attributes of `meta`. */
export const NFTA_META = {
  NFTA_META_DREG: 1,
  NFTA_META_KEY: 2,
  NFTA_META_SREG: 3,
} as const;

/** Attributes of `ct`. */
export const NFTA_CT = {
  NFTA_CT_DREG: 1,
  NFTA_CT_KEY: 2,
  NFTA_CT_DIRECTION: 3,
  NFTA_CT_SREG: 4,
} as const;

/** Attributes of `limit`. */
export const NFTA_LIMIT = {
  NFTA_LIMIT_RATE: 1,
  NFTA_LIMIT_UNIT: 2,
  NFTA_LIMIT_BURST: 3,
  NFTA_LIMIT_TYPE: 4,
  NFTA_LIMIT_FLAGS: 5,
} as const;

/** Attributes of `counter`. */
export const NFTA_COUNTER = {
  NFTA_COUNTER_BYTES: 1,
  NFTA_COUNTER_PACKETS: 2,
} as const;

/** Attributes of `log`. */
export const NFTA_LOG = {
  NFTA_LOG_GROUP: 1,
  NFTA_LOG_PREFIX: 2,
  NFTA_LOG_SNAPLEN: 3,
  NFTA_LOG_QTHRESHOLD: 4,
  NFTA_LOG_LEVEL: 5,
  NFTA_LOG_FLAGS: 6,
} as const;

/** Attributes of `reject`. */
export const NFTA_REJECT = {
  NFTA_REJECT_TYPE: 1,
  NFTA_REJECT_ICMP_CODE: 2,
} as const;

/** Attributes of `nat`. */
export const NFTA_NAT = {
  NFTA_NAT_TYPE: 1,
  NFTA_NAT_FAMILY: 2,
  NFTA_NAT_REG_ADDR_MIN: 3,
  NFTA_NAT_REG_ADDR_MAX: 4,
  NFTA_NAT_REG_PROTO_MIN: 5,
  NFTA_NAT_REG_PROTO_MAX: 6,
  NFTA_NAT_FLAGS: 7,
} as const;

/** Attributes of `masq`. */
export const NFTA_MASQ = {
  NFTA_MASQ_FLAGS: 1,
  NFTA_MASQ_REG_PROTO_MIN: 2,
  NFTA_MASQ_REG_PROTO_MAX: 3,
} as const;

/** Attributes of `redir`. */
export const NFTA_REDIR = {
  NFTA_REDIR_REG_PROTO_MIN: 1,
  NFTA_REDIR_REG_PROTO_MAX: 2,
  NFTA_REDIR_FLAGS: 3,
} as const;

/** Attributes of `fib`. */
export const NFTA_FIB = {
  NFTA_FIB_DREG: 1,
  NFTA_FIB_RESULT: 2,
  NFTA_FIB_FLAGS: 3,
} as const;

/** Attributes of the generation. */
export const NFTA_GEN = {
  NFTA_GEN_ID: 1,
  NFTA_GEN_PROC_PID: 2,
  NFTA_GEN_PROC_NAME: 3,
} as const;

/** Flags of a table. */
export const NFT_TABLE_F = {
  NFT_TABLE_F_DORMANT: 1,
  NFT_TABLE_F_OWNER: 2,
} as const;

/** Flags of a chain. */
export const NFT_CHAIN = {
  NFT_CHAIN_BASE: 1,
  NFT_CHAIN_HW_OFFLOAD: 2,
  NFT_CHAIN_BINDING: 4,
} as const;

/** Flags of a set. */
export const NFT_SET = {
  NFT_SET_ANONYMOUS: 1,
  NFT_SET_CONSTANT: 2,
  NFT_SET_INTERVAL: 4,
  NFT_SET_MAP: 8,
  NFT_SET_TIMEOUT: 16,
  NFT_SET_EVAL: 32,
  NFT_SET_OBJECT: 64,
  NFT_SET_CONCAT: 128,
  NFT_SET_EXPR: 256,
} as const;

/** Flags of an element. */
export const NFT_SET_ELEM = {
  NFT_SET_ELEM_INTERVAL_END: 1,
  NFT_SET_ELEM_CATCHALL: 2,
} as const;

/** Comparisons. */
export const NFT_CMP = {
  NFT_CMP_EQ: 0,
  NFT_CMP_NEQ: 1,
  NFT_CMP_LT: 2,
  NFT_CMP_LTE: 3,
  NFT_CMP_GT: 4,
  NFT_CMP_GTE: 5,
} as const;

/** Ranges. */
export const NFT_RANGE = {
  NFT_RANGE_EQ: 0,
  NFT_RANGE_NEQ: 1,
} as const;

/** Flags of `lookup`. */
export const NFT_LOOKUP_F = {
  NFT_LOOKUP_F_INV: 1,
} as const;

/** Where an offset into a packet begins. */
export const NFT_PAYLOAD = {
  NFT_PAYLOAD_LL_HEADER: 0,
  NFT_PAYLOAD_NETWORK_HEADER: 1,
  NFT_PAYLOAD_TRANSPORT_HEADER: 2,
  NFT_PAYLOAD_INNER_HEADER: 3,
} as const;

/** What `meta` loads. */
export const NFT_META = {
  NFT_META_LEN: 0,
  NFT_META_PROTOCOL: 1,
  NFT_META_PRIORITY: 2,
  NFT_META_MARK: 3,
  NFT_META_IIF: 4,
  NFT_META_OIF: 5,
  NFT_META_IIFNAME: 6,
  NFT_META_OIFNAME: 7,
  NFT_META_IFTYPE: 8,
  NFT_META_OIFTYPE: 9,
  NFT_META_SKUID: 10,
  NFT_META_SKGID: 11,
  NFT_META_NFTRACE: 12,
  NFT_META_RTCLASSID: 13,
  NFT_META_SECMARK: 14,
  NFT_META_NFPROTO: 15,
  NFT_META_L4PROTO: 16,
  NFT_META_BRI_IIFNAME: 17,
  NFT_META_BRI_OIFNAME: 18,
  NFT_META_PKTTYPE: 19,
  NFT_META_CPU: 20,
  NFT_META_IIFGROUP: 21,
  NFT_META_OIFGROUP: 22,
  NFT_META_CGROUP: 23,
  NFT_META_PRANDOM: 24,
  NFT_META_SECPATH: 25,
  NFT_META_IIFKIND: 26,
  NFT_META_OIFKIND: 27,
  NFT_META_BRI_IIFPVID: 28,
  NFT_META_BRI_IIFVPROTO: 29,
  NFT_META_TIME_NS: 30,
  NFT_META_TIME_DAY: 31,
  NFT_META_TIME_HOUR: 32,
  NFT_META_SDIF: 33,
  NFT_META_SDIFNAME: 34,
} as const;

/** What `ct` loads. */
export const NFT_CT = {
  NFT_CT_STATE: 0,
  NFT_CT_DIRECTION: 1,
  NFT_CT_STATUS: 2,
  NFT_CT_MARK: 3,
  NFT_CT_SECMARK: 4,
  NFT_CT_EXPIRATION: 5,
  NFT_CT_HELPER: 6,
  NFT_CT_L3PROTOCOL: 7,
  NFT_CT_SRC: 8,
  NFT_CT_DST: 9,
  NFT_CT_PROTOCOL: 10,
  NFT_CT_PROTO_SRC: 11,
  NFT_CT_PROTO_DST: 12,
  NFT_CT_LABELS: 13,
  NFT_CT_PKTS: 14,
  NFT_CT_BYTES: 15,
  NFT_CT_AVGPKT: 16,
  NFT_CT_ZONE: 17,
  NFT_CT_EVENTMASK: 18,
  NFT_CT_SRC_IP: 19,
  NFT_CT_DST_IP: 20,
  NFT_CT_SRC_IP6: 21,
  NFT_CT_DST_IP6: 22,
  NFT_CT_ID: 23,
} as const;

/** What a limit counts. */
export const NFT_LIMIT = {
  NFT_LIMIT_PKTS: 0,
  NFT_LIMIT_PKT_BYTES: 1,
} as const;

/** Flags of `limit`. */
export const NFT_LIMIT_F = {
  NFT_LIMIT_F_INV: 1,
} as const;

/** How a packet is refused. */
export const NFT_REJECT = {
  NFT_REJECT_ICMP_UNREACH: 0,
  NFT_REJECT_TCP_RST: 1,
  NFT_REJECT_ICMPX_UNREACH: 2,
} as const;

/** Which end of a connection is translated. */
export const NFT_NAT = {
  NFT_NAT_SNAT: 0,
  NFT_NAT_DNAT: 1,
} as const;

/** What `fib` answers. */
export const NFT_FIB_RESULT = {
  NFT_FIB_RESULT_OIF: 1,
  NFT_FIB_RESULT_OIFNAME: 2,
  NFT_FIB_RESULT_ADDRTYPE: 3,
} as const;

/** What `fib` looks up. */
export const NFTA_FIB_F = {
  NFTA_FIB_F_SADDR: 1,
  NFTA_FIB_F_DADDR: 2,
  NFTA_FIB_F_MARK: 4,
  NFTA_FIB_F_IIF: 8,
  NFTA_FIB_F_OIF: 16,
  NFTA_FIB_F_PRESENT: 32,
} as const;
