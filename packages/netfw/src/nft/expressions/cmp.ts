import { NFT_CMP, NFTA_CMP } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { dataAttributes, parseBytes } from '../verdict.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Go on when a register compares as said, byte by byte from the left. */
export interface Cmp {
  readonly name: 'cmp';
  readonly op: 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte';
  readonly register: number;
  readonly value: Uint8Array;
}

const OPERATORS: Readonly<Record<Cmp['op'], number>> = {
  eq: NFT_CMP.NFT_CMP_EQ,
  neq: NFT_CMP.NFT_CMP_NEQ,
  lt: NFT_CMP.NFT_CMP_LT,
  lte: NFT_CMP.NFT_CMP_LTE,
  gt: NFT_CMP.NFT_CMP_GT,
  gte: NFT_CMP.NFT_CMP_GTE,
};

export const cmp: ExpressionCodec<Cmp> = {
  name: 'cmp',
  encode: ({ op, register, value }) => [
    attr.be32(NFTA_CMP.NFTA_CMP_SREG, register),
    attr.be32(NFTA_CMP.NFTA_CMP_OP, OPERATORS[op]),
    attr.nested(NFTA_CMP.NFTA_CMP_DATA, dataAttributes(value)),
  ],
  decode: (attributes) => ({
    name: 'cmp',
    op: nameOf(OPERATORS, attributes.be32(NFTA_CMP.NFTA_CMP_OP)),
    register: attributes.be32(NFTA_CMP.NFTA_CMP_SREG) ?? 0,
    value: parseBytes(attributes.nested(NFTA_CMP.NFTA_CMP_DATA)),
  }),
};
