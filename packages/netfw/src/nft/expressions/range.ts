import { NFT_RANGE, NFTA_RANGE } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { dataAttributes, parseBytes } from '../verdict.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Go on when a register lies between two values, both included, or outside. */
export interface Range {
  readonly name: 'range';
  readonly op: 'eq' | 'neq';
  readonly register: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

const OPERATORS: Readonly<Record<Range['op'], number>> = {
  eq: NFT_RANGE.NFT_RANGE_EQ,
  neq: NFT_RANGE.NFT_RANGE_NEQ,
};

export const range: ExpressionCodec<Range> = {
  name: 'range',
  encode: ({ op, register, from, to }) => [
    attr.be32(NFTA_RANGE.NFTA_RANGE_SREG, register),
    attr.be32(NFTA_RANGE.NFTA_RANGE_OP, OPERATORS[op]),
    attr.nested(NFTA_RANGE.NFTA_RANGE_FROM_DATA, dataAttributes(from)),
    attr.nested(NFTA_RANGE.NFTA_RANGE_TO_DATA, dataAttributes(to)),
  ],
  decode: (attributes) => ({
    name: 'range',
    op: nameOf(OPERATORS, attributes.be32(NFTA_RANGE.NFTA_RANGE_OP)),
    register: attributes.be32(NFTA_RANGE.NFTA_RANGE_SREG) ?? 0,
    from: parseBytes(attributes.nested(NFTA_RANGE.NFTA_RANGE_FROM_DATA)),
    to: parseBytes(attributes.nested(NFTA_RANGE.NFTA_RANGE_TO_DATA)),
  }),
};
