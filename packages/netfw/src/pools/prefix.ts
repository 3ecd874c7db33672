import { formatIp, networkOf, parseIp, parsePrefix } from '../link/ip.js';

/** A subnet as numbers: what pools reckon with. */
export interface Subnet {
  readonly version: 4 | 6;
  /** Its first address. */
  readonly first: bigint;
  /** Its last address. */
  readonly last: bigint;
  readonly prefixLength: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** Reads `172.17.0.0/16`; the bits of the host may be set. @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
export function parseSubnet(text: string, operation = 'subnet'): Subnet {
  const { bytes, prefixLength } = networkOf(parsePrefix(text, operation));
  return subnetAt(bytes.length === 4 ? 4 : 6, numberOf(bytes), prefixLength);
}

/** The subnet of this length that begins at an address. */
export const subnetAt = (version: 4 | 6, first: bigint, prefixLength: number): Subnet => ({
  version,
  first,
  last: first + sizeOf(version, prefixLength) - 1n,
  prefixLength,
});

/** Addresses in a subnet of this length. */
export const sizeOf = (version: 4 | 6, prefixLength: number): bigint =>
  1n << BigInt(BITS[version] - prefixLength);

/** `172.17.0.0/16`. */
export const formatSubnet = ({ version, first, prefixLength }: Subnet): string =>
  `${formatNumber(version, first)}/${prefixLength}`;

/** Whether two subnets have an address in common. */
export const overlaps = (a: Subnet, b: Subnet): boolean =>
  a.version === b.version && a.first <= b.last && b.first <= a.last;

/** An address as a number. @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
export function parseNumber(text: string, operation = 'address'): { version: 4 | 6; number: bigint } {
  const { bytes } = parseIp(text, operation);
  return { version: bytes.length === 4 ? 4 : 6, number: numberOf(bytes) };
}

/** The text of an address that is a number. */
export function formatNumber(version: 4 | 6, number: bigint): string {
  const hex = number.toString(16).padStart(BITS[version] / 4, '0');
  return formatIp(Uint8Array.from(Buffer.from(hex, 'hex')));
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
