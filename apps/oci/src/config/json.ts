import { NsError } from '@ns/errors';

import { invalid } from './invalid.js';

/** Far above what configurations have, and what one process can read in a moment. */
export const MAX_CONFIG_BYTES: number = 32 * 1024 * 1024;
/** The specification's own members are nested 7 deep. */
const MAX_DEPTH = 32;
/** Before an integer of many digits that was made a string. */
const MARK = '\u0000n';

/**
 * Parse JSON of whoever calls a runtime.
 *
 * @remarks
 * As Go's callers mean it: a member that is `null` is not there. Integers of 64 bits keep all their bits: those beyond
 * 2^53 are bigints. Pure.
 *
 * @param subject - What it is, for errors: `config.json`.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for more than 32 MiB, what is no JSON or no UTF-8, deep nesting, and
 * strings with a NUL, which no file name, argument or variable can have.
 */
export function parseJson(subject: string, bytes: Uint8Array): unknown {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw malformed(subject, `${bytes.length} bytes, where at most ${MAX_CONFIG_BYTES} are read`);
  }
  let value: unknown;
  try {
    value = JSON.parse(quoteLong(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    // The message shows a piece of the text, whatever that is.
    const message = (error as Error).message.replaceAll(/\p{Cc}+/gu, ' ');
    throw malformed(subject, `no JSON: ${message}`, error);
  }
  return clean(subject, value, '', 0);
}

const malformed = (subject: string, message: string, cause?: unknown): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: subject, message, cause });

const LONG_INTEGER = /\d{16}/;
const TOKENS = /"(?:[^"\\]|\\.)*"|(?<![\w.])-?\d{16,20}(?![\d.eE])/g;

/** Numbers that a double may not hold, as strings with a mark. */
const quoteLong = (text: string): string =>
  LONG_INTEGER.test(text)
    ? text.replaceAll(TOKENS, (token) => (token.startsWith('"') ? token : `"\\u0000n${token}"`))
    : text;

/** The value without nulls, with long integers. */
function clean(subject: string, value: unknown, place: string, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value, place);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) throw malformed(subject, `${shorten(place)}: nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    return value.map((item, index) => clean(subject, item, `${place}[${index}]`, depth + 1));
  }
  const members: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) {
    if (item === null) continue;
    const inner = place === '' ? name : `${place}.${name}`;
    if (name.includes('\0')) throw invalid(shorten(inner), 'the name holds a NUL');
    members.push([name, clean(subject, item, inner, depth + 1)]);
  }
  // Unlike an assignment, this makes an own member of a "__proto__".
  return Object.fromEntries(members);
}

function cleanText(text: string, place: string): unknown {
  if (!text.includes('\0')) return text;
  const digits = text.startsWith(MARK) ? text.slice(MARK.length) : '';
  if (!/^-?\d{16,20}$/.test(digits)) throw invalid(shorten(place), 'the text holds a NUL');
  const number = BigInt(digits);
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
}

const shorten = (place: string): string =>
  JSON.stringify(place.length > 80 ? `${place.slice(0, 77)}…` : place).slice(1, -1);
