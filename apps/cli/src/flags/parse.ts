import { nearest } from '@ns/errors';

import { flagName, type Flag, type Flags } from './flag.js';

/** What was on the command line. */
export interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  /** The keys of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly positional: readonly string[];
}

/** Something on the command line that cannot be. */
export class FlagError extends Error {}

/**
 * Read flags as Docker does (pflag): `--name=value`, `--name value`, `-n value`, `-nvalue`, `-n=value`, `-abc`; a switch
 * takes a value with `=` only; `--` ends them.
 *
 * @param interspersed - False: the first word that is no flag ends them, as for `run IMAGE COMMAND -x`.
 * @throws {@link FlagError}
 */
export function parseFlags(flags: Flags, words: readonly string[], interspersed: boolean): Parsed {
  return new Reader(flags, words).read(interspersed);
}

class Reader {
  readonly #flags: Flags;
  readonly #words: string[];
  readonly #values: Record<string, unknown>;
  readonly #given = new Set<string>();
  readonly #byName = new Map<string, string>();
  readonly #byShort = new Map<string, string>();

  constructor(flags: Flags, words: readonly string[]) {
    this.#flags = flags;
    this.#words = [...words];
    this.#values = Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, flag.initial]));
    for (const [key, flag] of Object.entries(flags)) {
      for (const name of [flagName(key), ...(flag.aliases ?? [])]) this.#byName.set(name, key);
      if (flag.short !== undefined) this.#byShort.set(flag.short, key);
    }
  }

  read(interspersed: boolean): Parsed {
    const positional: string[] = [];
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === '--') {
        positional.push(...this.#words.splice(0));
      } else if (word.startsWith('--')) {
        this.#long(word.slice(2));
      } else if (word.startsWith('-') && word !== '-') {
        this.#shorts(word.slice(1));
      } else {
        positional.push(word);
        if (!interspersed) positional.push(...this.#words.splice(0));
      }
    }
    return { values: this.#values, given: this.#given, positional };
  }

  #long(word: string): void {
    const at = word.indexOf('=');
    const name = at === -1 ? word : word.slice(0, at);
    const key = this.#byName.get(name);
    if (key === undefined) {
      const meant = nearest(name, [...this.#byName.keys()]);
      throw new FlagError(
        `unknown flag: --${name}${meant === undefined ? '' : `, did you mean --${meant}?`}`,
      );
    }
    const flag = this.#flags[key] as Flag<unknown>;
    if (at !== -1) this.#apply(key, flag, word.slice(at + 1));
    else if (flag.value === undefined) this.#apply(key, flag, 'true');
    else this.#apply(key, flag, this.#next(`flag needs an argument: --${name}`));
  }

  #shorts(letters: string): void {
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] as string;
      const key = this.#byShort.get(letter);
      if (key === undefined) throw new FlagError(`unknown shorthand flag: '${letter}' in -${letters}`);
      const flag = this.#flags[key] as Flag<unknown>;
      const rest = letters.slice(i + 1);
      if (rest.startsWith('=')) return this.#apply(key, flag, rest.slice(1));
      if (flag.value !== undefined) {
        const text = rest === '' ? this.#next(`flag needs an argument: '${letter}' in -${letters}`) : rest;
        return this.#apply(key, flag, text);
      }
      this.#apply(key, flag, 'true');
    }
  }

  #next(otherwise: string): string {
    const word = this.#words.shift();
    if (word === undefined) throw new FlagError(otherwise);
    return word;
  }

  #apply(key: string, flag: Flag<unknown>, text: string): void {
    try {
      this.#values[key] = flag.apply(this.#values[key], text);
    } catch (cause) {
      const names = `${flag.short === undefined ? '' : `-${flag.short}, `}--${flagName(key)}`;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${names}" flag: ${why}`, { cause });
    }
    this.#given.add(key);
  }
}
