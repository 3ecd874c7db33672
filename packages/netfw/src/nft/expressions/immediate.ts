import { NFTA_IMMEDIATE } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { type Data, dataAttributes, parseData } from '../verdict.js';
import type { ExpressionCodec } from './codec.js';

/** Put bytes into a register, or a verdict into `NFT_REG_VERDICT`. */
export interface Immediate {
  readonly name: 'immediate';
  readonly register: number;
  readonly data: Data;
}

export const immediate: ExpressionCodec<Immediate> = {
  name: 'immediate',
  encode: ({ register, data }) => [
    attr.be32(NFTA_IMMEDIATE.NFTA_IMMEDIATE_DREG, register),
    attr.nested(NFTA_IMMEDIATE.NFTA_IMMEDIATE_DATA, dataAttributes(data)),
  ],
  decode: (attributes) => ({
    name: 'immediate',
    register: attributes.be32(NFTA_IMMEDIATE.NFTA_IMMEDIATE_DREG) ?? 0,
    data: parseData(attributes.nested(NFTA_IMMEDIATE.NFTA_IMMEDIATE_DATA)),
  }),
};
