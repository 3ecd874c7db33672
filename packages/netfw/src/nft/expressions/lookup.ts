import { NFT_LOOKUP_F, NFTA_LOOKUP } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import type { ExpressionCodec } from './codec.js';

/** Go on when a set has what is in a register; of a map, load what it maps to. */
export interface Lookup {
  readonly name: 'lookup';
  readonly set: string;
  /** Register where the key begins. */
  readonly source: number;
  /** Of a map: the register where the value goes, `NFT_REG_VERDICT` for a verdict. */
  readonly register?: number | undefined;
  /** Go on when the set does not have it. */
  readonly isInverted?: boolean | undefined;
}

export const lookup: ExpressionCodec<Lookup> = {
  name: 'lookup',
  encode: ({ set, source, register, isInverted }) => [
    attr.be32(NFTA_LOOKUP.NFTA_LOOKUP_SREG, source),
    ...(register === undefined ? [] : [attr.be32(NFTA_LOOKUP.NFTA_LOOKUP_DREG, register)]),
    attr.string(NFTA_LOOKUP.NFTA_LOOKUP_SET, set),
    ...(isInverted === true ? [attr.be32(NFTA_LOOKUP.NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F.NFT_LOOKUP_F_INV)] : []),
  ],
  decode: (attributes) => ({
    name: 'lookup',
    set: attributes.string(NFTA_LOOKUP.NFTA_LOOKUP_SET) ?? '',
    source: attributes.be32(NFTA_LOOKUP.NFTA_LOOKUP_SREG) ?? 0,
    register: attributes.be32(NFTA_LOOKUP.NFTA_LOOKUP_DREG),
    isInverted: ((attributes.be32(NFTA_LOOKUP.NFTA_LOOKUP_FLAGS) ?? 0) & NFT_LOOKUP_F.NFT_LOOKUP_F_INV) !== 0,
  }),
};
