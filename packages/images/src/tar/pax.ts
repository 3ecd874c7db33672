import type { ByteString } from '../byte-string.js';
import { corrupt } from '../failure.js';
import type { TarTime } from './entry.js';

/** The records of an extended header that matter here. */
export interface PaxRecords {
  /** Everything but extended attributes, by keyword. The last record of a keyword counts; an empty one erases. */
  readonly values: ReadonlyMap<string, ByteString>;
  /** From `SCHILY.xattr.NAME`. */
  readonly xattrs: ReadonlyMap<ByteString, Buffer>;
  /** `GNU.sparse.offset` and `GNU.sparse.numbytes` of format 0.0, which repeat: alternating, in order. */
  readonly sparsePairs: readonly ByteString[];
}

/** No records. */
export const NO_RECORDS: PaxRecords = { values: new Map(), xattrs: new Map(), sparsePairs: [] };

const XATTR = 'SCHILY.xattr.';
const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;

/**
 * The records of a pax extended header: `LENGTH KEYWORD=VALUE\n` one after the other. See pax(1), "pax Header Block".
 *
 * @remarks
 * Values are bytes: those of extended attributes such as `security.capability` are no text.
 */
export function parsePax(header: Buffer): PaxRecords {
  const values = new Map<string, ByteString>();
  const xattrs = new Map<ByteString, Buffer>();
  const sparsePairs: ByteString[] = [];
  for (let at = 0; at < header.length;) {
    const { key, value, next } = recordAt(header, at);
    at = next;
    if (key.startsWith(XATTR)) {
      // Copied: the header's memory belongs to a chunk that is much larger.
      xattrs.set(key.slice(XATTR.length), Buffer.from(value));
    } else if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      const expected = sparsePairs.length % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes';
      if (key !== expected) throw corrupt('tar', `a sparse map has ${key} in the place of ${expected}`);
      sparsePairs.push(value.toString('latin1'));
    } else {
      const text = value.toString('latin1');
      if (text.includes('\0')) throw corrupt('tar', `the extended header's ${key} holds a NUL`);
      values.set(key, text);
    }
  }
  return { values, xattrs, sparsePairs };
}

function recordAt(header: Buffer, at: number): { key: string; value: Buffer; next: number } {
  const space = header.indexOf(SPACE, at);
  const digits = space < 0 ? '' : header.toString('latin1', at, Math.min(space, at + 10));
  const next = at + Number(digits);
  if (!/^[0-9]+$/.test(digits) || next > header.length || next <= space + 1) {
    throw corrupt('tar', 'a record of an extended header has no valid length');
  }
  const equals = header.indexOf(EQUALS, space);
  if (header[next - 1] !== NEWLINE || equals < 0 || equals >= next) {
    throw corrupt('tar', 'a record of an extended header is not "keyword=value" on a line of its own');
  }
  const key = header.toString('latin1', space + 1, equals);
  if (key === '' || key.includes('\0')) throw corrupt('tar', 'a record of an extended header has no keyword');
  return { key, value: header.subarray(equals + 1, next - 1), next };
}

/** A whole number of an extended header; undefined for an absent or erased one. */
export function paxInteger(values: PaxRecords['values'], key: string): number | undefined {
  const text = values.get(key);
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(number)) {
    throw corrupt('tar', `the extended header's ${key} is no whole number in range: ${text.slice(0, 40)}`);
  }
  return number;
}

/** A moment of an extended header: decimal seconds with any number of fractional digits. */
export function paxTime(values: PaxRecords['values'], key: string): TarTime | undefined {
  const text = values.get(key);
  if (text === undefined || text === '') return undefined;
  const [, sign = '', whole = '', fraction = ''] = /^(-?)([0-9]{1,16})(?:\.([0-9]*))?$/.exec(text) ?? [];
  if (whole === '') throw corrupt('tar', `the extended header's ${key} is no time: ${text.slice(0, 40)}`);
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign === '') return { seconds, nanoseconds };
  // Nanoseconds count forward from the second, also before 1970. `0 -` avoids a negative zero.
  if (nanoseconds === 0) return { seconds: 0 - seconds, nanoseconds: 0 };
  return { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}
