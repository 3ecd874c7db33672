import type { ExpressionCodec } from './codec.js';

/** Give a connection that leaves the address of the interface it leaves by. */
export interface Masq {
  readonly name: 'masq';
}

export const masq: ExpressionCodec<Masq> = {
  name: 'masq',
  encode: () => [],
  decode: () => ({ name: 'masq' }),
};
