/** One flag of a command. Its name is its key in kebab-case: `noTrunc` is `--no-trunc`. */
export interface Flag<T> {
  readonly short?: string;
  readonly help: string;
  /** What the help shows for its value. Absent: a switch, whose value can be given with `=` only. */
  readonly value?: string;
  /** The value when it is not given. */
  readonly initial: T;
  /** What it is after a use. Throws an Error that says what is wrong with the text. */
  // A method, so that flags of all types have one base.
  apply(previous: T, text: string): T;
  /** Other names, not shown. */
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
}

/** The flags of a command. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The values of a command's flags. */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

interface Look {
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
}

/** A switch. */
export function bool(help: string, look: Look = {}): Flag<boolean> {
  return { ...look, help, initial: false, apply: (_, text) => parseBool(text) };
}

/** A switch that is on unless it is given as `--flag=false`. */
export function boolOn(help: string, look: Look = {}): Flag<boolean> {
  return { ...look, help, initial: true, apply: (_, text) => parseBool(text) };
}

interface ValueLook extends Look {
  /** What the help shows for the value. */
  readonly value?: string;
}

interface ParsedLook<T> extends ValueLook {
  /** Throws an Error that says what is wrong with the text. */
  readonly parse: (text: string) => T;
}

/** A value, undefined when not given; the last one counts. */
export function value(help: string, look?: ValueLook): Flag<string | undefined>;
export function value<T>(help: string, look: ParsedLook<T>): Flag<T | undefined>;
export function value(help: string, look: ValueLook | ParsedLook<unknown> = {}): Flag<unknown> {
  return { value: 'string', ...look, help, initial: undefined, apply: (_, text) => parsed(look, text) };
}

/** A flag that can be given again and again. */
export function list(help: string, look?: ValueLook): Flag<readonly string[]>;
export function list<T>(help: string, look: ParsedLook<T>): Flag<readonly T[]>;
export function list(help: string, look: ValueLook | ParsedLook<unknown> = {}): Flag<readonly unknown[]> {
  return {
    value: 'list',
    ...look,
    help,
    initial: [],
    apply: (before, text) => [...before, parsed(look, text)],
  };
}

const parsed = (look: ValueLook | ParsedLook<unknown>, text: string): unknown =>
  'parse' in look ? look.parse(text) : text;

/** Go's words for true and false, as Docker takes them. */
export function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new Error('it is neither true nor false');
}

/** A whole number that JavaScript can hold. */
export function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error('it is not a whole number');
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Error('it is out of range');
  return number;
}

/** The flag's name on the command line. */
export function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
