import { invalid } from '../invalid.js';

/** Reads `02:42:ac:11:00:02`. @throws NsError `ERR_NS_INVALID_ARGUMENT`, also for a multicast address. */
export function parseMac(text: string, operation = 'mac address'): Uint8Array {
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) {
    throw invalid(operation, `${JSON.stringify(text)} is no MAC address`, 'write it as 02:42:ac:11:00:02');
  }
  const bytes = Uint8Array.from(text.split(/[:-]/).map((byte) => Number.parseInt(byte, 16)));
  if ((bytes[0]! & 1) === 1) throw invalid(operation, `${text} is a multicast address`);
  return bytes;
}

/** The text of a hardware address. */
export const formatMac = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');

/**
 * The MAC address of a container's interface with an IPv4 address, as Docker makes it: `02:42` and the address.
 *
 * @remarks
 * The same address has the same MAC again, so neighbours' caches stay right when a container is replaced.
 */
export const macOfIpv4 = (address: Uint8Array): string => formatMac(Uint8Array.of(0x02, 0x42, ...address));
