import { NFT_PAYLOAD, NFTA_PAYLOAD } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Load bytes of the packet into a register. */
export interface Payload {
  readonly name: 'payload';
  readonly base: 'link' | 'network' | 'transport';
  /** Bytes from the base. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly register: number;
}

const BASES: Readonly<Record<Payload['base'], number>> = {
  link: NFT_PAYLOAD.NFT_PAYLOAD_LL_HEADER,
  network: NFT_PAYLOAD.NFT_PAYLOAD_NETWORK_HEADER,
  transport: NFT_PAYLOAD.NFT_PAYLOAD_TRANSPORT_HEADER,
};

export const payload: ExpressionCodec<Payload> = {
  name: 'payload',
  encode: ({ register, base, offset, length }) => [
    attr.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_DREG, register),
    attr.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_BASE, BASES[base]),
    attr.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_OFFSET, offset),
    attr.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_LEN, length),
  ],
  decode: (attributes) => ({
    name: 'payload',
    base: nameOf(BASES, attributes.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_BASE)),
    offset: attributes.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_OFFSET) ?? 0,
    length: attributes.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_LEN) ?? 0,
    register: attributes.be32(NFTA_PAYLOAD.NFTA_PAYLOAD_DREG) ?? 0,
  }),
};
