import { NFT_META, NFTA_META } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Load what the kernel knows of a packet into a register. */
export interface Meta {
  readonly name: 'meta';
  readonly key: 'mark' | 'iif' | 'oif' | 'iifname' | 'oifname' | 'nfproto' | 'l4proto' | 'pkttype';
  readonly register: number;
}

const KEYS: Readonly<Record<Meta['key'], number>> = {
  mark: NFT_META.NFT_META_MARK,
  iif: NFT_META.NFT_META_IIF,
  oif: NFT_META.NFT_META_OIF,
  iifname: NFT_META.NFT_META_IIFNAME,
  oifname: NFT_META.NFT_META_OIFNAME,
  nfproto: NFT_META.NFT_META_NFPROTO,
  l4proto: NFT_META.NFT_META_L4PROTO,
  pkttype: NFT_META.NFT_META_PKTTYPE,
};

export const meta: ExpressionCodec<Meta> = {
  name: 'meta',
  encode: ({ key, register }) => [
    attr.be32(NFTA_META.NFTA_META_KEY, KEYS[key]),
    attr.be32(NFTA_META.NFTA_META_DREG, register),
  ],
  decode: (attributes) => ({
    name: 'meta',
    key: nameOf(KEYS, attributes.be32(NFTA_META.NFTA_META_KEY)),
    register: attributes.be32(NFTA_META.NFTA_META_DREG) ?? 0,
  }),
};
