import { Variant } from '@jellybrick/dbus-next';

/** A property of a unit, as D-Bus takes it: a name, and a value with its type. */
export type Property = readonly [name: string, value: Variant];

/** What systemd means by "no limit". */
const INFINITY = (1n << 64n) - 1n;

/** An unsigned integer of 64 bits. */
export const u64 = (name: string, value: number | bigint | 'unlimited'): Property => [
  name,
  new Variant('t', value === 'unlimited' ? INFINITY : BigInt(value)),
];

/** True or false. */
export const flag = (name: string, value: boolean): Property => [name, new Variant('b', value)];

/** Text. */
export const text = (name: string, value: string): Property => [name, new Variant('s', value)];

/** Bytes. */
export const bytes = (name: string, value: Uint8Array): Property => [
  name,
  new Variant('ay', Buffer.from(value)),
];

const INTEGERS: Readonly<Record<string, readonly [signature: string, min: bigint, max: bigint]>> = {
  byte: ['y', 0n, 0xffn],
  int16: ['n', -0x8000n, 0x7fffn],
  uint16: ['q', 0n, 0xffffn],
  int32: ['i', -0x8000_0000n, 0x7fff_ffffn],
  uint32: ['u', 0n, 0xffff_ffffn],
  int64: ['x', -(1n << 63n), (1n << 63n) - 1n],
  uint64: ['t', 0n, INFINITY],
};

/**
 * Read a value in GVariant's text form, as annotations have it: `uint64 5000000`, `true`, `'text'`, `['a', 'b']`.
 *
 * @returns `undefined` for what is none of these.
 */
export function parseVariant(given: string): Variant | undefined {
  const source = given.trim();
  if (source === 'true' || source === 'false') return new Variant('b', source === 'true');
  const integer = /^(?:([a-z]+\d*) )?\s*(-?(?:0x[0-9a-f]+|\d+))$/i.exec(source);
  if (integer !== null) return parseInteger(integer[1] ?? 'int32', integer[2] ?? '');
  if (/^-?\d+\.\d+$/.test(source)) return new Variant('d', Number(source));
  const single = parseText(source);
  if (single !== undefined) return new Variant('s', single);
  const list = /^\[(.*)\]$/s.exec(source)?.[1];
  const items = list === undefined ? undefined : parseTexts(list);
  return items && new Variant('as', items);
}

function parseInteger(type: string, digits: string): Variant | undefined {
  const known = Object.hasOwn(INTEGERS, type) ? INTEGERS[type] : undefined;
  if (known === undefined || digits.startsWith('-0x')) return undefined;
  const [signature, min, max] = known;
  const value = BigInt(digits);
  if (value < min || value > max) return undefined;
  return new Variant(signature, signature === 't' || signature === 'x' ? value : Number(value));
}

const QUOTED = /^(?:'((?:[^'\\]|\\['"\\])*)'|"((?:[^"\\]|\\['"\\])*)")/;

function parseText(source: string): string | undefined {
  const match = QUOTED.exec(source);
  if (match === null || match[0].length !== source.length) return undefined;
  return (match[1] ?? match[2] ?? '').replaceAll(/\\(.)/g, '$1');
}

function parseTexts(source: string): string[] | undefined {
  const items: string[] = [];
  let rest = source.trim();
  while (rest !== '') {
    const [token = ''] = QUOTED.exec(rest) ?? [];
    const item = parseText(token);
    if (item === undefined) return undefined;
    items.push(item);
    rest = rest.slice(token.length).trim();
    if (rest === '') break;
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1).trim();
  }
  return items;
}
