import { NFTA_COUNTER } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import type { ExpressionCodec } from './codec.js';

/** Count what comes here. */
export interface Counter {
  readonly name: 'counter';
  /** What was counted, or what to begin with. */
  readonly packets?: bigint | undefined;
  readonly bytes?: bigint | undefined;
}

export const counter: ExpressionCodec<Counter> = {
  name: 'counter',
  encode: ({ packets, bytes }) =>
    packets === undefined && bytes === undefined
      ? []
      : [
          attr.be64(NFTA_COUNTER.NFTA_COUNTER_BYTES, bytes ?? 0n),
          attr.be64(NFTA_COUNTER.NFTA_COUNTER_PACKETS, packets ?? 0n),
        ],
  decode: (attributes) => ({
    name: 'counter',
    packets: attributes.be64(NFTA_COUNTER.NFTA_COUNTER_PACKETS),
    bytes: attributes.be64(NFTA_COUNTER.NFTA_COUNTER_BYTES),
  }),
};
