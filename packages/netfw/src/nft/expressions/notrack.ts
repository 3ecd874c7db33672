import type { ExpressionCodec } from './codec.js';

/** Keep a packet out of connection tracking, in a chain of priority `raw`. */
export interface Notrack {
  readonly name: 'notrack';
}

export const notrack: ExpressionCodec<Notrack> = {
  name: 'notrack',
  encode: () => [],
  decode: () => ({ name: 'notrack' }),
};
