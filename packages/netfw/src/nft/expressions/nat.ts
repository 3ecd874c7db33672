import { NFPROTO, NFT_NAT, NFTA_NAT } from '@ns/syscall';

import { attr, type Attribute } from '../../netlink/attribute.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Translate an end of a connection, in a chain of type `nat`. */
export interface Nat {
  readonly name: 'nat';
  readonly type: 'snat' | 'dnat';
  readonly family: 'ip' | 'ip6';
  /** Register with the new address; the last of a range in `addressTo`. */
  readonly address?: number | undefined;
  readonly addressTo?: number | undefined;
  /** Register with the new port; the last of a range in `portTo`. */
  readonly port?: number | undefined;
  readonly portTo?: number | undefined;
}

const TYPES: Readonly<Record<Nat['type'], number>> = {
  snat: NFT_NAT.NFT_NAT_SNAT,
  dnat: NFT_NAT.NFT_NAT_DNAT,
};
const FAMILIES: Readonly<Record<Nat['family'], number>> = {
  ip: NFPROTO.NFPROTO_IPV4,
  ip6: NFPROTO.NFPROTO_IPV6,
};

export const nat: ExpressionCodec<Nat> = {
  name: 'nat',
  encode: ({ type, family, address, addressTo, port, portTo }) => {
    const register = (attribute: number, number: number | undefined): Attribute[] =>
      number === undefined ? [] : [attr.be32(attribute, number)];
    return [
      attr.be32(NFTA_NAT.NFTA_NAT_TYPE, TYPES[type]),
      attr.be32(NFTA_NAT.NFTA_NAT_FAMILY, FAMILIES[family]),
      ...register(NFTA_NAT.NFTA_NAT_REG_ADDR_MIN, address),
      ...register(NFTA_NAT.NFTA_NAT_REG_ADDR_MAX, addressTo),
      ...register(NFTA_NAT.NFTA_NAT_REG_PROTO_MIN, port),
      ...register(NFTA_NAT.NFTA_NAT_REG_PROTO_MAX, portTo),
    ];
  },
  decode: (attributes) => {
    // The kernel repeats the first of a range as its last.
    const last = (to: number, from: number): number | undefined => {
      const register = attributes.be32(to);
      return register === attributes.be32(from) ? undefined : register;
    };
    return {
      name: 'nat',
      type: nameOf(TYPES, attributes.be32(NFTA_NAT.NFTA_NAT_TYPE)),
      family: nameOf(FAMILIES, attributes.be32(NFTA_NAT.NFTA_NAT_FAMILY)),
      address: attributes.be32(NFTA_NAT.NFTA_NAT_REG_ADDR_MIN),
      addressTo: last(NFTA_NAT.NFTA_NAT_REG_ADDR_MAX, NFTA_NAT.NFTA_NAT_REG_ADDR_MIN),
      port: attributes.be32(NFTA_NAT.NFTA_NAT_REG_PROTO_MIN),
      portTo: last(NFTA_NAT.NFTA_NAT_REG_PROTO_MAX, NFTA_NAT.NFTA_NAT_REG_PROTO_MIN),
    };
  },
};
