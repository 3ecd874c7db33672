import { NsError } from '@ns/errors';

import type { Flag, Flags, Values } from './flag.js';

/** What words of a command line say. */
export interface Parsed<F> {
  readonly values: Values<F>;
  /** The first word that is no flag, and all after it. */
  readonly rest: readonly string[];
}

/**
 * Read flags as Go's `flag` package does, which runc's callers write for: one dash or two, `-name value` or
 * `-name=value`, a switch takes a value with `=` only, and the first word that is no flag ends them, as `--` does.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function parseFlags<const F extends Flags>(
  command: string,
  flags: F,
  words: readonly string[],
): Parsed<F> {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) values[name] = initialOf(flag);
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    const [, written = '', given] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const name = nameOf(flags, written);
    const flag = name === undefined ? undefined : flags[name];
    if (name === undefined || flag === undefined) {
      throw usage(command, `flag provided but not defined: ${word.split('=', 1)[0]}`);
    }
    let value = given;
    if (value === undefined && flag.kind !== 'switch') value = words[++at];
    if (value === undefined && flag.kind !== 'switch') {
      throw usage(command, `flag needs an argument: ${word}`);
    }
    values[name] = valueOf(command, word, flag, value, values[name]);
  }
  return { values: values as Values<F>, rest: words.slice(at) };
}

function nameOf(flags: Flags, written: string): string | undefined {
  if (Object.hasOwn(flags, written)) return written;
  return Object.keys(flags).find((name) => flags[name]?.short === written);
}

function initialOf(flag: Flag): unknown {
  if (flag.kind === 'switch') return false;
  return flag.kind === 'list' ? [] : flag.initial;
}

function valueOf(
  command: string,
  word: string,
  flag: Flag,
  value: string | undefined,
  before: unknown,
): unknown {
  switch (flag.kind) {
    case 'switch': {
      // The words that Go's strconv.ParseBool takes.
      if (value === undefined || ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
      if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
      throw usage(command, `invalid boolean value "${value}" for ${word.split('=', 1)[0]}`);
    }
    case 'number': {
      if (!/^-?\d{1,15}$/.test(value ?? '')) {
        throw usage(command, `invalid value "${value}" for flag ${word.split('=', 1)[0]}: not a number`);
      }
      return Number(value);
    }
    case 'list':
      return [...(before as readonly string[]), value];
    default:
      return value;
  }
}

/** Bad flags or arguments. */
export const usage = (command: string, message: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: command === '' ? 'ns-oci' : command,
    message,
    hint: `see ns-oci ${command === '' ? '' : `${command} `}--help`,
  });
