import { NF, NFT_VERDICT, NFTA_DATA, NFTA_VERDICT } from '@ns/syscall';

import { attr, type Attribute } from '../netlink/attribute.js';
import { type Attributes, malformed } from '../netlink/attributes.js';

/** What becomes of a packet. `accept` ends the base chain and all that it called, other tables still see the packet. */
export type Verdict =
  | { readonly verdict: 'accept' | 'drop' | 'continue' | 'break' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string };

/** Bytes in a register, or a verdict. */
export type Data = Uint8Array | Verdict;

const CODES = {
  accept: NF.NF_ACCEPT,
  drop: NF.NF_DROP,
  continue: NFT_VERDICT.NFT_CONTINUE,
  break: NFT_VERDICT.NFT_BREAK,
  jump: NFT_VERDICT.NFT_JUMP,
  goto: NFT_VERDICT.NFT_GOTO,
  return: NFT_VERDICT.NFT_RETURN,
} as const;

/** The members of an attribute that holds {@link Data}. */
export function dataAttributes(data: Data): Attribute[] {
  if (data instanceof Uint8Array) return [attr.bytes(NFTA_DATA.NFTA_DATA_VALUE, data)];
  // Negative codes are written as what they are in 32 bits.
  const members = [attr.be32(NFTA_VERDICT.NFTA_VERDICT_CODE, CODES[data.verdict] >>> 0)];
  if ('chain' in data) members.push(attr.string(NFTA_VERDICT.NFTA_VERDICT_CHAIN, data.chain));
  return [attr.nested(NFTA_DATA.NFTA_DATA_VERDICT, members)];
}

/** Read {@link Data}. @throws NsError `ERR_NS_CORRUPT` for a verdict that is not known. */
export function parseData(attributes: Attributes | undefined): Data {
  const value = attributes?.bytes(NFTA_DATA.NFTA_DATA_VALUE);
  if (value !== undefined) return Uint8Array.from(value);
  const verdict = attributes?.nested(NFTA_DATA.NFTA_DATA_VERDICT);
  const code = verdict?.be32(NFTA_VERDICT.NFTA_VERDICT_CODE);
  const [name] = Object.entries(CODES).find(([, each]) => each >>> 0 === code) ?? [];
  if (name === undefined) throw malformed(`verdict ${code} of a rule is not known`);
  const chain = verdict?.string(NFTA_VERDICT.NFTA_VERDICT_CHAIN);
  return { verdict: name, ...(chain === undefined ? {} : { chain }) } as Verdict;
}

/** Bytes, where a verdict cannot be. */
export function parseBytes(attributes: Attributes | undefined): Uint8Array {
  const data = parseData(attributes);
  if (data instanceof Uint8Array) return data;
  throw malformed(`verdict ${data.verdict} of a rule stands where bytes belong`);
}
