import { NFTA_BITWISE } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { dataAttributes, parseBytes } from '../verdict.js';
import type { ExpressionCodec } from './codec.js';

/** `register = (source & mask) ^ xor`. */
export interface Bitwise {
  readonly name: 'bitwise';
  readonly source: number;
  readonly register: number;
  readonly mask: Uint8Array;
  /** As long as the mask. */
  readonly xor: Uint8Array;
}

export const bitwise: ExpressionCodec<Bitwise> = {
  name: 'bitwise',
  encode: ({ source, register, mask, xor }) => [
    attr.be32(NFTA_BITWISE.NFTA_BITWISE_SREG, source),
    attr.be32(NFTA_BITWISE.NFTA_BITWISE_DREG, register),
    attr.be32(NFTA_BITWISE.NFTA_BITWISE_LEN, mask.length),
    attr.nested(NFTA_BITWISE.NFTA_BITWISE_MASK, dataAttributes(mask)),
    attr.nested(NFTA_BITWISE.NFTA_BITWISE_XOR, dataAttributes(xor)),
  ],
  decode: (attributes) => ({
    name: 'bitwise',
    source: attributes.be32(NFTA_BITWISE.NFTA_BITWISE_SREG) ?? 0,
    register: attributes.be32(NFTA_BITWISE.NFTA_BITWISE_DREG) ?? 0,
    mask: parseBytes(attributes.nested(NFTA_BITWISE.NFTA_BITWISE_MASK)),
    xor: parseBytes(attributes.nested(NFTA_BITWISE.NFTA_BITWISE_XOR)),
  }),
};
