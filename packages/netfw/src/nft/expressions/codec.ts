import type { Attribute } from '../../netlink/attribute.js';
import type { Attributes } from '../../netlink/attributes.js';

/** How one kind of expression is written and read: the attributes within `NFTA_EXPR_DATA`. */
export interface ExpressionCodec<E extends { readonly name: string }> {
  readonly name: E['name'];
  encode(expression: E): Attribute[];
  decode(attributes: Attributes): E;
}

/** The names of numbers, to read what is written by name. */
export function nameOf<N extends string>(names: Readonly<Record<N, number>>, number: number | undefined): N {
  const entry = Object.entries(names).find(([, each]) => each === number);
  // A number that has no name is kept as its text: it differs from all that we write.
  return (entry?.[0] ?? String(number)) as N;
}
