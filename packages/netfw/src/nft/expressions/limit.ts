import { NFT_LIMIT, NFT_LIMIT_F, NFTA_LIMIT } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import type { ExpressionCodec } from './codec.js';

/** Go on as long as no more packets come than this. */
export interface Limit {
  readonly name: 'limit';
  /** Packets in `perSeconds`. */
  readonly rate: number;
  /** Seconds. */
  readonly perSeconds: number;
  /** Packets above the rate that pass at once. */
  readonly burst: number;
  /** Go on when more come. */
  readonly isOver?: boolean | undefined;
}

export const limit: ExpressionCodec<Limit> = {
  name: 'limit',
  encode: ({ rate, perSeconds, burst, isOver }) => [
    attr.be64(NFTA_LIMIT.NFTA_LIMIT_RATE, BigInt(rate)),
    attr.be64(NFTA_LIMIT.NFTA_LIMIT_UNIT, BigInt(perSeconds)),
    attr.be32(NFTA_LIMIT.NFTA_LIMIT_BURST, burst),
    attr.be32(NFTA_LIMIT.NFTA_LIMIT_TYPE, NFT_LIMIT.NFT_LIMIT_PKTS),
    attr.be32(NFTA_LIMIT.NFTA_LIMIT_FLAGS, isOver === true ? NFT_LIMIT_F.NFT_LIMIT_F_INV : 0),
  ],
  decode: (attributes) => ({
    name: 'limit',
    rate: Number(attributes.be64(NFTA_LIMIT.NFTA_LIMIT_RATE)),
    perSeconds: Number(attributes.be64(NFTA_LIMIT.NFTA_LIMIT_UNIT)),
    burst: attributes.be32(NFTA_LIMIT.NFTA_LIMIT_BURST) ?? 0,
    isOver: attributes.be32(NFTA_LIMIT.NFTA_LIMIT_FLAGS) === NFT_LIMIT_F.NFT_LIMIT_F_INV,
  }),
};
