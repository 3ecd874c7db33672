import { NFTA_EXPR, NFTA_LIST } from '@ns/syscall';

import { attr, type Attribute } from '../../netlink/attribute.js';
import { type Attributes, parseAttributes } from '../../netlink/attributes.js';
import { type Bitwise, bitwise } from './bitwise.js';
import { type Cmp, cmp } from './cmp.js';
import type { ExpressionCodec } from './codec.js';
import { type Counter, counter } from './counter.js';
import { type Ct, ct } from './ct.js';
import { type Fib, fib } from './fib.js';
import { type Immediate, immediate } from './immediate.js';
import { type Limit, limit } from './limit.js';
import { type Log, log } from './log.js';
import { type Lookup, lookup } from './lookup.js';
import { type Masq, masq } from './masq.js';
import { type Meta, meta } from './meta.js';
import { type Nat, nat } from './nat.js';
import { type Notrack, notrack } from './notrack.js';
import { type Payload, payload } from './payload.js';
import { type Range, range } from './range.js';
import { type Redir, redir } from './redir.js';
import { type Reject, reject } from './reject.js';

/** An expression of a rule, by the kernel's name. */
export type Expression =
  | Bitwise
  | Cmp
  | Counter
  | Ct
  | Fib
  | Immediate
  | Limit
  | Log
  | Lookup
  | Masq
  | Meta
  | Nat
  | Notrack
  | Payload
  | Range
  | Redir
  | Reject;

/** An expression of a kind that is not written here, found in a rule of another program. */
export interface UnknownExpression {
  readonly name: 'unknown';
  readonly kernelName: string;
}

type AnyCodec = ExpressionCodec<Expression>;

const CODECS: {
  readonly [Name in Expression['name']]: ExpressionCodec<Extract<Expression, { readonly name: Name }>>;
} = {
  bitwise,
  cmp,
  counter,
  ct,
  fib,
  immediate,
  limit,
  log,
  lookup,
  masq,
  meta,
  nat,
  notrack,
  payload,
  range,
  redir,
  reject,
};

/** The codec of a kind of expression, for whichever it is. */
const codecOf = (name: string): AnyCodec | undefined =>
  Object.hasOwn(CODECS, name) ? CODECS[name as Expression['name']] : undefined;

/** The members of `NFTA_RULE_EXPRESSIONS`. */
export const expressionAttributes = (expressions: readonly Expression[]): Attribute[] =>
  expressions.map((expression) => {
    const data = codecOf(expression.name)!.encode(expression);
    return attr.nested(NFTA_LIST.NFTA_LIST_ELEM, [
      attr.string(NFTA_EXPR.NFTA_EXPR_NAME, expression.name),
      // As libnftnl does: an expression without parameters has none of this attribute either.
      ...(data.length === 0 && BARE.has(expression.name)
        ? []
        : [attr.nested(NFTA_EXPR.NFTA_EXPR_DATA, data)]),
    ]);
  });

const BARE: ReadonlySet<string> = new Set(['notrack']);

/** Read the members of `NFTA_RULE_EXPRESSIONS`. */
export function parseExpressions(attributes: Attributes | undefined): (Expression | UnknownExpression)[] {
  return [...(attributes ?? [])].map(({ payload: bytes }) => {
    const expression = parseAttributes(bytes);
    const name = expression.string(NFTA_EXPR.NFTA_EXPR_NAME) ?? '';
    const data = expression.nested(NFTA_EXPR.NFTA_EXPR_DATA) ?? parseAttributes(Buffer.alloc(0));
    return codecOf(name)?.decode(data) ?? { name: 'unknown', kernelName: name };
  });
}
