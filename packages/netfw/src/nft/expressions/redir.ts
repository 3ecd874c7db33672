import { NFTA_REDIR } from '@ns/syscall';

import { attr } from '../../netlink/attribute.js';
import type { ExpressionCodec } from './codec.js';

/** Translate the destination to this machine. */
export interface Redir {
  readonly name: 'redir';
  /** Register with the port, else it stays. */
  readonly port?: number | undefined;
}

/** `NF_NAT_RANGE_PROTO_SPECIFIED`: the port is given. */
const PORT_GIVEN = 2;

export const redir: ExpressionCodec<Redir> = {
  name: 'redir',
  encode: ({ port }) =>
    port === undefined
      ? []
      : [
          attr.be32(NFTA_REDIR.NFTA_REDIR_REG_PROTO_MIN, port),
          attr.be32(NFTA_REDIR.NFTA_REDIR_FLAGS, PORT_GIVEN),
        ],
  decode: (attributes) => ({
    name: 'redir',
    port: attributes.be32(NFTA_REDIR.NFTA_REDIR_REG_PROTO_MIN),
  }),
};
