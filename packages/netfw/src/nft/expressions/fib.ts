import { NFT_FIB_RESULT, NFTA_FIB, NFTA_FIB_F } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Ask the routing tables about an address of the packet. */
export interface Fib {
  readonly name: 'fib';
  readonly of: 'saddr' | 'daddr';
  readonly result: 'oif' | 'oifname' | 'type';
  readonly register: number;
}

const ADDRESSES: Readonly<Record<Fib['of'], number>> = {
  saddr: NFTA_FIB_F.NFTA_FIB_F_SADDR,
  daddr: NFTA_FIB_F.NFTA_FIB_F_DADDR,
};
const RESULTS: Readonly<Record<Fib['result'], number>> = {
  oif: NFT_FIB_RESULT.NFT_FIB_RESULT_OIF,
  oifname: NFT_FIB_RESULT.NFT_FIB_RESULT_OIFNAME,
  type: NFT_FIB_RESULT.NFT_FIB_RESULT_ADDRTYPE,
};

/** What `type` answers: `RTN_LOCAL` and others of rtnetlink, 32 bits in the machine's order. */
export const fib: ExpressionCodec<Fib> = {
  name: 'fib',
  encode: ({ of, result, register }) => [
    attr.be32(NFTA_FIB.NFTA_FIB_FLAGS, ADDRESSES[of]),
    attr.be32(NFTA_FIB.NFTA_FIB_RESULT, RESULTS[result]),
    attr.be32(NFTA_FIB.NFTA_FIB_DREG, register),
  ],
  decode: (attributes) => ({
    name: 'fib',
    of: nameOf(ADDRESSES, attributes.be32(NFTA_FIB.NFTA_FIB_FLAGS)),
    result: nameOf(RESULTS, attributes.be32(NFTA_FIB.NFTA_FIB_RESULT)),
    register: attributes.be32(NFTA_FIB.NFTA_FIB_DREG) ?? 0,
  }),
};
