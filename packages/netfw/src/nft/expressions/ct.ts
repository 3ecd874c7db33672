import { NFT_CT, NFTA_CT } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Load what connection tracking knows of a packet's connection into a register. */
export interface Ct {
  readonly name: 'ct';
  readonly key: 'state' | 'direction' | 'status' | 'mark';
  readonly register: number;
}

const KEYS: Readonly<Record<Ct['key'], number>> = {
  state: NFT_CT.NFT_CT_STATE,
  direction: NFT_CT.NFT_CT_DIRECTION,
  status: NFT_CT.NFT_CT_STATUS,
  mark: NFT_CT.NFT_CT_MARK,
};

/** Bits of `ct state`. */
export const CT_STATE = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;
/** Bits of `ct status`: the source, or the destination, is translated. */
export const CT_STATUS = { snat: 0x10, dnat: 0x20 } as const;

export const ct: ExpressionCodec<Ct> = {
  name: 'ct',
  encode: ({ key, register }) => [
    attr.be32(NFTA_CT.NFTA_CT_KEY, KEYS[key]),
    attr.be32(NFTA_CT.NFTA_CT_DREG, register),
  ],
  decode: (attributes) => ({
    name: 'ct',
    key: nameOf(KEYS, attributes.be32(NFTA_CT.NFTA_CT_KEY)),
    register: attributes.be32(NFTA_CT.NFTA_CT_DREG) ?? 0,
  }),
};
