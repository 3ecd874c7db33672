import { isIP, isIPv4 } from 'node:net';
import { isAbsolute, join } from 'node:path';

import { NsError } from '@ns/errors';
import { parsePrefix } from '@ns/netfw';

import { type Kind, ValueError, wrongType } from './kind.js';

/** A string, which `read` may refuse or make something of. In the file, an empty one says nothing, as in Docker's. */
export const text = (read: (text: string) => string = (value) => value): Kind<string> => ({
  isList: false,
  isSwitch: false,
  ofFlag: (texts) => read(texts.at(-1) ?? ''),
  ofFile: (json) => {
    if (typeof json !== 'string') throw wrongType(json, 'a string');
    return json === '' ? undefined : read(json);
  },
  show: (value) => value,
});

/** One of these. */
export const choice = <const T extends string>(choices: readonly T[]): Kind<T> => {
  const read = (value: string): T => {
    const found = choices.find((one) => one === value);
    if (found === undefined) throw new ValueError(`'${value}' is none of ${choices.join(', ')}`);
    return found;
  };
  return { ...text(read), choices, ofFlag: (texts) => read(texts.at(-1) ?? '') } as Kind<T>;
};

/** Strings; the flag may be repeated. In the file, an empty list says nothing. */
export const texts = (read: (text: string) => string = (value) => value): Kind<readonly string[]> => ({
  isList: true,
  isSwitch: false,
  ofFlag: (words) => words.map(read),
  ofFile: (json) => {
    if (!Array.isArray(json) || !json.every((item) => typeof item === 'string'))
      throw wrongType(json, 'a list of strings');
    return json.length === 0 ? undefined : json.map(read);
  },
  show: (values) => values.join(' '),
});

const isTrue = (json: unknown): boolean => {
  if (typeof json !== 'boolean') throw wrongType(json, 'true or false');
  return json;
};

/** On or off: `--icc`, `--icc=false`. */
export const bool: Kind<boolean> = {
  isList: false,
  isSwitch: true,
  ofFlag: (words) => {
    const word = words.at(-1) ?? '';
    if (/^(1|t|true)$/i.test(word)) return true;
    if (/^(0|f|false)$/i.test(word)) return false;
    throw new ValueError(`'${word}' is not true or false`);
  },
  ofFile: isTrue,
  show: String,
};

/** A path of a file or directory, without `..`. */
export const path: Kind<string> = text((value) => {
  if (isAbsolute(value) && !value.includes('\0')) return join(value);
  throw new ValueError(`'${value}' is not an absolute path`, 'The daemon has no working directory of yours.');
});

const addressOf = (value: string): string => {
  if (isIP(value) === 0) throw new ValueError(`'${value}' is not an IP address`);
  return value;
};
export const address: Kind<string> = text(addressOf);
export const addresses: Kind<readonly string[]> = texts(addressOf);

/** `172.20.0.1/16`. */
export const prefix: Kind<string> = text((value) => {
  const shape = `'${value}' is not an IPv4 address with a prefix length of at most 30: 172.20.0.1/16`;
  try {
    const { prefixLength } = parsePrefix(value);
    if (isIPv4(value.split('/', 1)[0] ?? '') && value.includes('/') && prefixLength <= 30) return value;
  } catch (error) {
    if (!NsError.is(error)) throw error;
  }
  throw new ValueError(shape);
});

/** The name of a network device. */
export const device: Kind<string> = text((value) => {
  if (/^[^\s/:]{1,15}$/.test(value)) return value;
  throw new ValueError(`'${value}' is not the name of a bridge, of at most 15 bytes`);
});

/** Linux sends no smaller packets of IPv4 (RFC 791). */
const SMALLEST_MTU = 68;

/** Bytes of a packet; 0 in the file says nothing, as in Docker's. */
export const mtu: Kind<number> = {
  isList: false,
  isSwitch: false,
  ofFlag: (words) => {
    const word = words.at(-1) ?? '';
    if (!/^\d+$/.test(word)) throw badMtu(`'${word}'`);
    return mtuOf(Number(word));
  },
  ofFile: (json) => {
    if (typeof json !== 'number') throw wrongType(json, 'a number');
    return json === 0 ? undefined : mtuOf(json);
  },
  show: String,
};

function mtuOf(value: number): number {
  if (Number.isInteger(value) && value >= SMALLEST_MTU && value <= 65_535) return value;
  throw badMtu(`'${value}'`);
}

const badMtu = (shown: string): ValueError =>
  new ValueError(`${shown} is not a number from ${SMALLEST_MTU} to 65535`);
