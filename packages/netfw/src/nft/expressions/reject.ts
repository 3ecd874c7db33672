import { NFT_REJECT, NFTA_REJECT } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import { type ExpressionCodec, nameOf } from './codec.js';

/** Refuse a packet and tell its sender. */
export interface Reject {
  readonly name: 'reject';
  /** `icmpx` is ICMP of the packet's own family. */
  readonly with: 'icmp' | 'tcp reset' | 'icmpx';
  /** ICMP's code; of `icmpx`, 0 no route, 1 port, 2 host unreachable, 3 prohibited. */
  readonly code: number;
}

const TYPES: Readonly<Record<Reject['with'], number>> = {
  icmp: NFT_REJECT.NFT_REJECT_ICMP_UNREACH,
  'tcp reset': NFT_REJECT.NFT_REJECT_TCP_RST,
  icmpx: NFT_REJECT.NFT_REJECT_ICMPX_UNREACH,
};

export const reject: ExpressionCodec<Reject> = {
  name: 'reject',
  encode: ({ with: type, code }) => [
    attr.be32(NFTA_REJECT.NFTA_REJECT_TYPE, TYPES[type]),
    attr.u8(NFTA_REJECT.NFTA_REJECT_ICMP_CODE, code),
  ],
  decode: (attributes) => ({
    name: 'reject',
    with: nameOf(TYPES, attributes.be32(NFTA_REJECT.NFTA_REJECT_TYPE)),
    code: attributes.u8(NFTA_REJECT.NFTA_REJECT_ICMP_CODE) ?? 0,
  }),
};
