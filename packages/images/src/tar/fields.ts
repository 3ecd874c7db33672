import type { ByteString } from '../byte-string.js';
import { corrupt } from '../failure.js';

const NUL = 0;
const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/** A text field: up to its first NUL. */
export function textField(block: Buffer, start: number, length: number): ByteString {
  const end = block.indexOf(NUL, start);
  return block.toString('latin1', start, end < 0 ? start + length : Math.min(end, start + length));
}

/**
 * A number field: octal digits amid spaces and NULs, or base 256 when the first bit is set.
 *
 * @remarks
 * The rules are those of Go's archive/tar, which reads what Docker and most others write: an empty field is zero.
 */
export function numberField(block: Buffer, start: number, length: number, what: string): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) return binaryField(block, start, length, what);
  let at = start;
  let end = start + length;
  while (at < end && isPadding(block[at])) at++;
  while (end > at && isPadding(block[end - 1])) end--;
  let value = 0;
  for (; at < end; at++) {
    const digit = block[at] ?? 0;
    // A NUL ends the number, as in C.
    if (digit === NUL) break;
    if (digit < ZERO || digit > SEVEN) throw corrupt('tar', `${what} is no octal number`);
    value = value * 8 + (digit - ZERO);
  }
  return value;
}

const isPadding = (byte: number | undefined): boolean => byte === NUL || byte === SPACE;

/** Two's complement, most significant byte first, whose first bit only says that it is this. */
function binaryField(block: Buffer, start: number, length: number, what: string): number {
  const negative = ((block[start] ?? 0) & 0x40) !== 0;
  let value = BigInt((block[start] ?? 0) & 0x7f);
  for (let at = start + 1; at < start + length; at++) value = (value << 8n) | BigInt(block[at] ?? 0);
  if (negative) value -= 1n << BigInt(length * 8 - 1);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw corrupt('tar', `${what} is out of range`);
  return number;
}

/** The checksum of a header as its field says. Bytes were once summed as signed numbers: both sums are accepted. */
export function checksumHolds(block: Buffer): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < 512; at++) {
    const byte = at >= 148 && at < 156 ? SPACE : (block[at] ?? 0);
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  let stated: number;
  try {
    stated = numberField(block, 148, 8, 'the checksum');
  } catch {
    return false;
  }
  return stated === unsigned || stated === signed;
}
