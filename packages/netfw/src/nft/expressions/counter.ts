import { NFTA_COUNTER } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import type { ExpressionCodec } from './codec.js';

/** Count what comes here. */
export interface Counter {
  readonly name: 'counter';
  readonly packets?: bigint | undefined;
  readonly bytes?: bigint | undefined;
}

export const counter: ExpressionCodec<Counter> = {
  name: 'counter',
  encode: ({ packets = 0n, bytes = 0n }) => [
    attr.be64(NFTA_COUNTER.NFTA_COUNTER_BYTES, bytes),
    attr.be64(NFTA_COUNTER.NFTA_COUNTER_PACKETS, packets),
  ],
  decode: (attributes) => ({
    name: 'counter',
    packets: attributes.be64(NFTA_COUNTER.NFTA_COUNTER_PACKETS),
    bytes: attributes.be64(NFTA_COUNTER.NFTA_COUNTER_BYTES),
  }),
};
