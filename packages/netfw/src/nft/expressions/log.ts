import { NFTA_LOG } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import type { ExpressionCodec } from './codec.js';

/** Write packets into the kernel's log. */
export interface Log {
  readonly name: 'log';
  readonly prefix?: string | undefined;
}

export const log: ExpressionCodec<Log> = {
  name: 'log',
  encode: ({ prefix }) => (prefix === undefined ? [] : [attr.string(NFTA_LOG.NFTA_LOG_PREFIX, prefix)]),
  decode: (attributes) => ({ name: 'log', prefix: attributes.string(NFTA_LOG.NFTA_LOG_PREFIX) }),
};
