import { isIPv4, isIPv6 } from 'node:net';

import { AF } from '@ns/syscall';

import { invalid } from '../invalid.js';

/** An address of IPv4 or IPv6 as netlink has it. */
export interface IpAddress {
  /** `AF_INET` or `AF_INET6`. */
  readonly family: number;
  /** 4 or 16 bytes, in network order. */
  readonly bytes: Uint8Array;
}

/** An address with the length of its network's prefix. */
export interface IpPrefix extends IpAddress {
  readonly prefixLength: number;
}

/** Reads `10.0.0.1` or `fd00::1`. @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
export function parseIp(text: string, operation = 'ip address'): IpAddress {
  if (isIPv4(text)) return { family: AF.AF_INET, bytes: Uint8Array.from(text.split('.').map(Number)) };
  if (isIPv6(text) && !text.includes('%')) return { family: AF.AF_INET6, bytes: ipv6Bytes(text) };
  throw invalid(operation, `${JSON.stringify(text)} is no IPv4 or IPv6 address`);
}

/**
 * Reads `10.0.0.1/24` or `fd00::1/64`; without a length it is all of the address.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`.
 */
export function parsePrefix(text: string, operation = 'ip prefix'): IpPrefix {
  const [host = '', length, ...rest] = text.split('/');
  const address = parseIp(host, operation);
  const bits = address.bytes.length * 8;
  if (length === undefined) return { ...address, prefixLength: bits };
  const prefixLength = Number(length);
  if (rest.length > 0 || !/^\d{1,3}$/.test(length) || prefixLength > bits) {
    throw invalid(operation, `${JSON.stringify(text)} has no prefix length from 0 to ${bits}`);
  }
  return { ...address, prefixLength };
}

/** The text of an address: `10.0.0.1`, `fd00::1` (RFC 5952). */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!);
  const text = groups.map((group) => group.toString(16)).join(':');
  // The longest run of zeroes, the first of several, if it has two groups or more.
  let [longest, start] = ['', 0];
  for (const { 0: run, index } of text.matchAll(/(?<![0-9a-f])0(?::0(?![0-9a-f]))+/g)) {
    if (run.length > longest.length) [longest, start] = [run, index];
  }
  if (longest === '') return text;
  const [before, after] = [text.slice(0, start), text.slice(start + longest.length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

/** The network of a prefix: the bits of the host are zero. */
export function networkOf({ family, bytes, prefixLength }: IpPrefix): IpPrefix {
  const masked = bytes.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
    return byte & (0xff00 >> bits) & 0xff;
  });
  return { family, bytes: masked, prefixLength };
}

function ipv6Bytes(text: string): Uint8Array {
  // A dotted end is two groups.
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high: string, low: string): string => ((Number(high) << 8) | Number(low)).toString(16);
  const plain =
    dotted === null
      ? text
      : `${text.slice(0, dotted.index)}${hex(dotted[1]!, dotted[2]!)}:${hex(dotted[3]!, dotted[4]!)}`;
  const [left = '', right] = plain.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(left), groups(right ?? '')];
  const zeroes: number[] = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return Uint8Array.from([...first, ...zeroes, ...last].flatMap((group) => [group >> 8, group & 0xff]));
}
