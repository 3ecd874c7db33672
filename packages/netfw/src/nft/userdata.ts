import { invalid } from '../invalid.js';

/**
 * What `nft` keeps beside the kernel's own fields: one byte of type, one of length, then the value. The kernel does not
 * look at it. See libnftnl's `udata.h`.
 */

/** Types of user data. */
export const UDATA = {
  /** Of tables, chains, rules and elements; a string with its NUL. */
  COMMENT: 0,
  SET_KEY_BYTEORDER: 0,
  SET_DATA_BYTEORDER: 1,
  SET_COMMENT: 9,
} as const;

/** Bytes of the longest comment that nft takes, with its NUL. */
const MAX_COMMENT = 128;

export type UserData = readonly (readonly [type: number, value: Uint8Array])[];

export const encodeUserData = (data: UserData): Uint8Array =>
  Buffer.concat(data.map(([type, value]) => Buffer.concat([Buffer.of(type, value.length), value])));

/** User data of a comment alone; nothing without one. @throws NsError `ERR_NS_INVALID_ARGUMENT` for a long one. */
export function commentData(comment: string | undefined): Uint8Array | undefined {
  if (comment === undefined) return undefined;
  const bytes = Buffer.from(`${comment}\0`);
  if (bytes.length > MAX_COMMENT) {
    throw invalid('nftables comment', `${bytes.length - 1} bytes are more than ${MAX_COMMENT - 1}`);
  }
  return encodeUserData([[UDATA.COMMENT, bytes]]);
}

/** A 32-bit value in the machine's order. */
export function u32Data(value: number): Uint8Array {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value, 0);
  return buffer;
}

/** The comment in user data, if there is one. Data of another form, which any program may leave, has none. */
export function parseComment(data: Buffer | undefined, type: number = UDATA.COMMENT): string | undefined {
  if (data === undefined) return undefined;
  for (let at = 0; at + 2 <= data.length; at += 2 + data[at + 1]!) {
    if (data[at] === type) {
      const value = data.subarray(at + 2, at + 2 + data[at + 1]!);
      return value.toString('utf8').replace(/\0.*$/s, '');
    }
  }
  return undefined;
}
