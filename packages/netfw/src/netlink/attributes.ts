import { NsError } from '@ns/errors';
import { NLA_F } from '@ns/syscall';

import { align4, ATTRIBUTE_HEADER_SIZE } from './attribute.js';

const TYPE_MASK = 0xffff & ~(NLA_F.NLA_F_NESTED | NLA_F.NLA_F_NET_BYTEORDER);

/** An attribute that was received. */
export interface ReceivedAttribute {
  /** Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`. */
  readonly type: number;
  readonly payload: Buffer;
}

/**
 * The attributes of a message that was received, by type.
 *
 * @remarks
 * Every reader answers `undefined` for an attribute that is not there. Integers are in the machine's byte order, those
 * that begin with `be` in the network's. Payloads are views of the message, not copies.
 *
 * @example
 * ```ts
 * const link = parseAttributes(payload, 16);
 * link.string(IFLA.IFLA_IFNAME); // 'eth0'
 * link.nested(IFLA.IFLA_LINKINFO)?.string(IFLA_INFO.IFLA_INFO_KIND); // 'veth'
 * ```
 */
export class Attributes implements Iterable<ReceivedAttribute> {
  readonly #list: readonly ReceivedAttribute[];
  readonly #byType = new Map<number, Buffer>();

  constructor(list: readonly ReceivedAttribute[]) {
    this.#list = list;
    // As in the kernel, the last of several counts.
    for (const { type, payload } of list) this.#byType.set(type, payload);
  }

  /** All of them in order: for lists, whose members have one type. */
  [Symbol.iterator](): Iterator<ReceivedAttribute> {
    return this.#list[Symbol.iterator]();
  }

  /** Whether there is one of that type. */
  has(type: number): boolean {
    return this.#byType.has(type);
  }

  /** The payload as it is. */
  bytes(type: number): Buffer | undefined {
    return this.#byType.get(type);
  }

  /** Text up to its first NUL. */
  string(type: number): string | undefined {
    const payload = this.#byType.get(type);
    if (payload === undefined) return undefined;
    const end = payload.indexOf(0);
    return payload.toString('utf8', 0, end === -1 ? payload.length : end);
  }

  /** The attributes within the attribute. */
  nested(type: number): Attributes | undefined {
    const payload = this.#byType.get(type);
    return payload === undefined ? undefined : parseAttributes(payload);
  }

  /** An integer of one byte. */
  u8(type: number): number | undefined {
    return this.#integer(type, 1)?.readUInt8(0);
  }

  /** An integer of two bytes. */
  u16(type: number): number | undefined {
    return this.#integer(type, 2)?.readUInt16LE(0);
  }

  /** An integer of four bytes. */
  u32(type: number): number | undefined {
    return this.#integer(type, 4)?.readUInt32LE(0);
  }

  /** A signed integer of four bytes. */
  s32(type: number): number | undefined {
    return this.#integer(type, 4)?.readInt32LE(0);
  }

  /** An integer of eight bytes. */
  u64(type: number): bigint | undefined {
    return this.#integer(type, 8)?.readBigUInt64LE(0);
  }

  /** An integer of two bytes in network order. */
  be16(type: number): number | undefined {
    return this.#integer(type, 2)?.readUInt16BE(0);
  }

  /** An integer of four bytes in network order. */
  be32(type: number): number | undefined {
    return this.#integer(type, 4)?.readUInt32BE(0);
  }

  /** An integer of eight bytes in network order. */
  be64(type: number): bigint | undefined {
    return this.#integer(type, 8)?.readBigUInt64BE(0);
  }

  #integer(type: number, size: number): Buffer | undefined {
    const payload = this.#byType.get(type);
    if (payload !== undefined && payload.length < size) {
      throw malformed(`attribute ${type} has ${payload.length} bytes where ${size} are needed`);
    }
    return payload;
  }
}

/**
 * The attributes that lie in `buffer` from `offset` to its end.
 *
 * @throws NsError `ERR_NS_CORRUPT` when a length runs past the end.
 */
export function parseAttributes(buffer: Buffer, offset = 0): Attributes {
  const list: ReceivedAttribute[] = [];
  for (let at = offset; at + ATTRIBUTE_HEADER_SIZE <= buffer.length;) {
    const length = buffer.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER_SIZE || at + length > buffer.length) {
      throw malformed(`an attribute of ${length} bytes at ${at} of ${buffer.length}`);
    }
    list.push({
      type: buffer.readUInt16LE(at + 2) & TYPE_MASK,
      payload: buffer.subarray(at + ATTRIBUTE_HEADER_SIZE, at + length),
    });
    at += align4(length);
  }
  return new Attributes(list);
}

/** A message that does not have the form it must have. */
export const malformed = (message: string): NsError =>
  new NsError('ERR_NS_CORRUPT', { operation: 'netlink message', message });
