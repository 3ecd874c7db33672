import { parseIp } from '../link/ip.js';
import { invalid } from '../invalid.js';

/**
 * Types of keys and values, as `nft` numbers them: the kernel keeps the number and does not look at it.
 *
 * @remarks
 * `size` in bytes. `order` says how `nft` reads the bytes: 1 that of the machine, 2 that of the network.
 */
export const DATATYPES = {
  verdict: { id: 1, size: 0, order: 0 },
  ipv4_addr: { id: 7, size: 4, order: 2 },
  ipv6_addr: { id: 8, size: 16, order: 2 },
  ether_addr: { id: 9, size: 6, order: 2 },
  inet_proto: { id: 12, size: 1, order: 2 },
  inet_service: { id: 13, size: 2, order: 2 },
  mark: { id: 19, size: 4, order: 1 },
  ifname: { id: 41, size: 16, order: 1 },
} as const;

/** A type by the name that `nft` has for it. */
export type DataType = keyof typeof DATATYPES;

/** Bits that each type of a concatenation takes in the number of the whole. */
const CONCAT_BITS = 6;

/** The number of a type or, of several, of their concatenation. */
export const typeId = (types: readonly DataType[]): number =>
  types.reduce((id, type) => (id << CONCAT_BITS) | DATATYPES[type].id, 0);

/** The types that a number stands for; `undefined` when one is not known here. */
export function typesOf(id: number): DataType[] | undefined {
  const types: DataType[] = [];
  for (let rest = id; rest !== 0; rest >>>= CONCAT_BITS) {
    const found = Object.entries(DATATYPES).find(([, { id: each }]) => each === (rest & 0x3f));
    if (found === undefined) return undefined;
    types.unshift(found[0] as DataType);
  }
  return types;
}

/** Bytes of a field of a concatenation: registers have four. */
export const fieldSize = (type: DataType): number => (DATATYPES[type].size + 3) & ~3;

/** Bytes of a key: a field alone is not padded. */
export const keySize = (types: readonly DataType[]): number =>
  types.length === 1 ? DATATYPES[types[0]!].size : types.reduce((sum, type) => sum + fieldSize(type), 0);

/** The bytes of fields side by side, each padded to four, as they lie in registers. One field alone is not padded. */
export function concat(...fields: readonly Uint8Array[]): Uint8Array {
  if (fields.length === 1) return fields[0]!;
  return Uint8Array.from(
    fields.flatMap((field) => [...field, ...new Uint8Array(((field.length + 3) & ~3) - field.length)]),
  );
}

/** The bytes of values of the types that rules compare. */
export const value = {
  /** @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
  ip: (text: string): Uint8Array => parseIp(text, 'nftables value').bytes,
  u8: (number: number): Uint8Array => Uint8Array.of(number),
  /** In network order: ports. */
  be16: (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 0xff),
  /** In the machine's order: states, marks, kinds of addresses. */
  u32: (number: number): Uint8Array => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(number >>> 0, 0);
    return Uint8Array.from(buffer);
  },
  /** The name of an interface, 16 bytes. @throws NsError `ERR_NS_INVALID_ARGUMENT` for one of more than 15. */
  ifname: (name: string): Uint8Array => {
    const bytes = Buffer.from(name);
    if (bytes.length === 0 || bytes.length > 15 || /[\s/\0]/.test(name)) {
      throw invalid('nftables value', `${JSON.stringify(name)} is no name of an interface`);
    }
    const padded = new Uint8Array(16);
    padded.set(bytes);
    return padded;
  },
} as const;
