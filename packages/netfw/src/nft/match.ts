import { NFPROTO, NFT_REG } from '@ns/syscall';

import { value } from './datatypes.js';
import { CT_STATE, CT_STATUS } from './expressions/ct.js';
import type { Expression } from './expressions/index.js';
import type { Verdict } from './verdict.js';

const { NFT_REG_VERDICT, NFT_REG_1 } = NFT_REG;

/** `eq`, or `neq` for all but. */
type Equality = 'eq' | 'neq';

const ZERO = Uint8Array.of(0, 0, 0, 0);

/** Any of these bits of connection tracking's state or status. */
const anyBit = (key: 'state' | 'status', bits: number): Expression[] => [
  { name: 'ct', key, register: NFT_REG_1 },
  { name: 'bitwise', source: NFT_REG_1, register: NFT_REG_1, mask: value.u32(bits), xor: ZERO },
  { name: 'cmp', op: 'neq', register: NFT_REG_1, value: ZERO },
];

const sum = <N extends string>(bits: Readonly<Record<N, number>>, names: readonly N[]): number =>
  names.reduce((all, name) => all | bits[name], 0);

/**
 * Parts of rules, each the expressions that `nft` makes of the same words.
 *
 * @example `meta nfproto ipv4 ip daddr 127.0.0.0/8 drop`
 * ```ts
 * [match.family('ipv4'), match.ipv4('daddr', '127.0.0.0', 8), match.verdict('drop')].flat();
 * ```
 */
export const match = {
  family: (family: 'ipv4' | 'ipv6'): Expression[] => [
    { name: 'meta', key: 'nfproto', register: NFT_REG_1 },
    {
      name: 'cmp',
      op: 'eq',
      register: NFT_REG_1,
      value: Uint8Array.of(family === 'ipv4' ? NFPROTO.NFPROTO_IPV4 : NFPROTO.NFPROTO_IPV6),
    },
  ],
  interface: (key: 'iifname' | 'oifname', name: string, op: Equality = 'eq'): Expression[] => [
    { name: 'meta', key, register: NFT_REG_1 },
    { name: 'cmp', op, register: NFT_REG_1, value: value.ifname(name) },
  ],
  /** `ip saddr` or `ip daddr` with a prefix of whole bytes. */
  ipv4: (which: 'saddr' | 'daddr', address: string, prefixLength: 8 | 16 | 24 | 32): Expression[] =>
    bytesAt(which === 'saddr' ? 12 : 16, value.ip(address).subarray(0, prefixLength / 8)),
  /** `ip6 saddr` or `ip6 daddr`, all of it. */
  ipv6: (which: 'saddr' | 'daddr', address: string): Expression[] =>
    bytesAt(which === 'saddr' ? 8 : 24, value.ip(address)),
  /** Load an address of the packet, whose family must have been matched. */
  loadAddress: (
    family: 'ipv4' | 'ipv6',
    which: 'saddr' | 'daddr',
    register: number = NFT_REG_1,
  ): Expression => ({
    name: 'payload',
    base: 'network',
    offset: { ipv4: { saddr: 12, daddr: 16 }, ipv6: { saddr: 8, daddr: 24 } }[family][which],
    length: family === 'ipv4' ? 4 : 16,
    register,
  }),
  ctState: (...states: (keyof typeof CT_STATE)[]): Expression[] => anyBit('state', sum(CT_STATE, states)),
  ctStatus: (...statuses: (keyof typeof CT_STATUS)[]): Expression[] =>
    anyBit('status', sum(CT_STATUS, statuses)),
  verdict: (verdict: Exclude<Verdict['verdict'], 'jump' | 'goto'>): Expression[] => [
    { name: 'immediate', register: NFT_REG_VERDICT, data: { verdict } },
  ],
  jump: (chain: string): Expression[] => [
    { name: 'immediate', register: NFT_REG_VERDICT, data: { verdict: 'jump', chain } },
  ],
} as const;

const bytesAt = (offset: number, bytes: Uint8Array): Expression[] => [
  { name: 'payload', base: 'network', offset, length: bytes.length, register: NFT_REG_1 },
  { name: 'cmp', op: 'eq', register: NFT_REG_1, value: bytes },
];
