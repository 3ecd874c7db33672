import { NLA_F } from '@ns/syscall';

/**
 * An attribute of a netlink message, as data. See netlink(7), `struct nlattr`.
 *
 * @remarks
 * `u16`, `u32`, `u64` and `s32` are in the byte order of the machine (little-endian on all that we run on), `be16`,
 * `be32` and `be64` in that of the network, which is what nftables and ports use.
 */
export type Attribute =
  | { readonly type: number; readonly kind: 'nested'; readonly value: readonly Attribute[] }
  | { readonly type: number; readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly type: number; readonly kind: 'string'; readonly value: string }
  | { readonly type: number; readonly kind: IntegerKind; readonly value: number }
  | { readonly type: number; readonly kind: LongKind; readonly value: bigint };

type IntegerKind = 'u8' | 'u16' | 'u32' | 's32' | 'be16' | 'be32';
type LongKind = 'u64' | 'be64';

/** Size of `struct nlattr`: length and type. */
export const ATTRIBUTE_HEADER_SIZE = 4;

/** Attributes, and messages, begin at multiples of four bytes. */
export const align4 = (size: number): number => (size + 3) & ~3;

/**
 * Makers of {@link Attribute}s.
 *
 * @example A bridge's link info
 * ```ts
 * attr.nested(IFLA.IFLA_LINKINFO, [attr.string(IFLA_INFO.IFLA_INFO_KIND, 'bridge')]);
 * ```
 */
export const attr = {
  u8: (type: number, value: number): Attribute => ({ type, kind: 'u8', value }),
  u16: (type: number, value: number): Attribute => ({ type, kind: 'u16', value }),
  u32: (type: number, value: number): Attribute => ({ type, kind: 'u32', value }),
  u64: (type: number, value: bigint): Attribute => ({ type, kind: 'u64', value }),
  s32: (type: number, value: number): Attribute => ({ type, kind: 's32', value }),
  be16: (type: number, value: number): Attribute => ({ type, kind: 'be16', value }),
  be32: (type: number, value: number): Attribute => ({ type, kind: 'be32', value }),
  be64: (type: number, value: bigint): Attribute => ({ type, kind: 'be64', value }),
  /** A string with the NUL that ends it. */
  string: (type: number, value: string): Attribute => ({ type, kind: 'string', value }),
  bytes: (type: number, value: Uint8Array): Attribute => ({ type, kind: 'bytes', value }),
  /** An attribute that says all by being there. */
  flag: (type: number): Attribute => ({ type, kind: 'bytes', value: new Uint8Array() }),
  /** Attributes within an attribute. `NLA_F_NESTED` is set, which strict kernels ask for and others accept. */
  nested: (type: number, value: readonly Attribute[]): Attribute => ({ type, kind: 'nested', value }),
} as const;

const INTEGER_SIZES = { u8: 1, u16: 2, be16: 2, u32: 4, s32: 4, be32: 4, u64: 8, be64: 8 } as const;

function payloadSize(attribute: Attribute): number {
  switch (attribute.kind) {
    case 'nested':
      return attributesSize(attribute.value);
    case 'bytes':
      return attribute.value.length;
    case 'string':
      return Buffer.byteLength(attribute.value) + 1;
    default:
      return INTEGER_SIZES[attribute.kind];
  }
}

/** Bytes that attributes take, each with its header and padding. */
export function attributesSize(attributes: readonly Attribute[]): number {
  let size = 0;
  for (const attribute of attributes) size += align4(ATTRIBUTE_HEADER_SIZE + payloadSize(attribute));
  return size;
}

/** Writes attributes into a zeroed buffer. Returns the offset behind them. */
export function writeAttributes(buffer: Buffer, offset: number, attributes: readonly Attribute[]): number {
  let at = offset;
  for (const attribute of attributes) {
    const end = writePayload(buffer, at + ATTRIBUTE_HEADER_SIZE, attribute);
    buffer.writeUInt16LE(end - at, at);
    buffer.writeUInt16LE(
      attribute.kind === 'nested' ? attribute.type | NLA_F.NLA_F_NESTED : attribute.type,
      at + 2,
    );
    at = align4(end);
  }
  return at;
}

/** Returns the offset behind the payload, without padding. */
function writePayload(buffer: Buffer, at: number, attribute: Attribute): number {
  switch (attribute.kind) {
    case 'nested':
      return writeAttributes(buffer, at, attribute.value);
    case 'bytes':
      buffer.set(attribute.value, at);
      return at + attribute.value.length;
    case 'string':
      return at + buffer.write(attribute.value, at) + 1;
    case 'u8':
      return buffer.writeUInt8(attribute.value, at);
    case 'u16':
      return buffer.writeUInt16LE(attribute.value, at);
    case 'u32':
      return buffer.writeUInt32LE(attribute.value, at);
    case 's32':
      return buffer.writeInt32LE(attribute.value, at);
    case 'be16':
      return buffer.writeUInt16BE(attribute.value, at);
    case 'be32':
      return buffer.writeUInt32BE(attribute.value, at);
    case 'u64':
      return buffer.writeBigUInt64LE(attribute.value, at);
    default:
      return buffer.writeBigUInt64BE(attribute.value, at);
  }
}

/** The bytes of attributes alone, as they lie within a message or an attribute. */
export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  const buffer = Buffer.alloc(attributesSize(attributes));
  writeAttributes(buffer, 0, attributes);
  return buffer;
}
