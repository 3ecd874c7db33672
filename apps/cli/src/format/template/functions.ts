import { TemplateError } from './lex.js';
import { goString, isTrue } from './value.js';

/** A function that templates can call. */
export type TemplateFunction = (...args: unknown[]) => unknown;

const text = (value: unknown): string => goString(value);

function entries(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`template: ${goString(value)} is no list`);
}

/** Take elements, one index after the other. */
function index(value: unknown, ...keys: unknown[]): unknown {
  let at = value;
  for (const key of keys) {
    if (Array.isArray(at)) {
      const i = Number(key);
      if (!Number.isInteger(i) || i < 0 || i >= at.length) {
        throw new TemplateError(`template: error calling index: index out of range: ${goString(key)}`);
      }
      at = (at as unknown[])[i];
    } else if (typeof at === 'string') {
      at = Buffer.from(at)[Number(key)];
    } else if (typeof at === 'object' && at !== null) {
      // As of a Go map: what is not there is empty.
      at = (at as Record<string, unknown>)[text(key)] ?? '';
    } else {
      throw new TemplateError('template: error calling index: index of nil pointer');
    }
  }
  return at;
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  if (value === null) return 0;
  throw new TemplateError(`template: error calling len: len of type ${typeof value}`);
}

/** `slice x 1 2` is `x[1:2]`. */
function slice(value: unknown, from: unknown = 0, to?: unknown): unknown {
  const end = to === undefined ? undefined : Number(to);
  return typeof value === 'string' ? value.slice(Number(from), end) : entries(value).slice(Number(from), end);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) {
    throw new TemplateError('template: error calling compare: incompatible types for comparison');
  }
  return a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0;
}

/** What one verb of printf writes. */
function verb(
  flags: string,
  width: string,
  precision: string | undefined,
  letter: string,
  value: unknown,
): string {
  const written = written1(precision, letter, value);
  const fill = flags.includes('0') && !flags.includes('-') ? '0' : ' ';
  return flags.includes('-') ? written.padEnd(Number(width)) : written.padStart(Number(width), fill);
}

function written1(precision: string | undefined, letter: string, value: unknown): string {
  switch (letter) {
    case 'q':
      return JSON.stringify(text(value));
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(text(value)).toString('hex');
    case 'X':
      return written1(precision, 'x', value).toUpperCase();
    case 'f':
      return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
    case 's':
      return precision === undefined ? text(value) : text(value).slice(0, Number(precision));
    default:
      return text(value);
  }
}

function printf(format: unknown, ...args: unknown[]): string {
  let next = 0;
  return text(format).replaceAll(
    /%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string | undefined, letter: string) => {
      if (letter === '%') return '%';
      if (next >= args.length) return `%!${letter}(MISSING)`;
      return verb(flags, width, precision, letter, args[next++]);
    },
  );
}

/** Go's own functions and Docker's. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  and: (...args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  not: (value) => !isTrue(value),
  len: length,
  index,
  slice,
  eq: (a, ...others) => others.some((b) => a === b || (a ?? null) === (b ?? null)),
  ne: (a, b) => a !== b,
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  print: (...args) =>
    args
      .map((value, i) =>
        i > 0 && typeof value !== 'string' && typeof args[i - 1] !== 'string'
          ? ` ${text(value)}`
          : text(value),
      )
      .join(''),
  println: (...args) => `${args.map(text).join(' ')}\n`,
  printf,
  json: (value) => JSON.stringify(value ?? null),
  split: (value, separator) => text(value).split(text(separator)),
  join: (values, separator) => entries(values).map(text).join(text(separator)),
  title: (value) => text(value).replaceAll(/(^|\s)\p{Ll}/gu, (letters) => letters.toUpperCase()),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  pad: (value, before, after) =>
    text(value) === '' ? '' : `${' '.repeat(Number(before))}${text(value)}${' '.repeat(Number(after))}`,
  truncate: (value, characters) => Array.from(text(value)).slice(0, Number(characters)).join(''),
};
