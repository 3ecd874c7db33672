import { TemplateError } from './lex.js';

/**
 * A row of a list: names with what they stand for, which is worked out when it is asked for. `{{json .}}` writes them
 * all, but those that take arguments.
 */
export class View {
  readonly #fields: Readonly<Record<string, (...args: unknown[]) => unknown>>;

  constructor(fields: Readonly<Record<string, (...args: unknown[]) => unknown>>) {
    this.#fields = fields;
  }

  /** A field as text: empty when it has none of that name. */
  text(name: string): string {
    return goString(this.get(name)?.() ?? '');
  }

  /** Undefined for a name that it does not have. */
  get(name: string): ((...args: unknown[]) => unknown) | undefined {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  toJSON(): Record<string, unknown> {
    const names = Object.keys(this.#fields).filter((name) => this.#fields[name]?.length === 0);
    return Object.fromEntries(names.toSorted().map((name) => [name, this.#fields[name]?.()]));
  }
}

/** False, 0, nothing and what is empty are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof View) return true;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go prints it: `[a b]`, `map[k:v]`, `<no value>`. */
export function goString(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'undefined':
      return '<no value>';
    case 'object':
      if (value === null) return '<no value>';
      if (Array.isArray(value)) return `[${value.map(goString).join(' ')}]`;
      return `map[${Object.entries(value instanceof View ? value.toJSON() : value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, own]) => `${key}:${goString(own)}`)
        .join(' ')}]`;
    default:
      return String(value);
  }
}

/**
 * A field of a value, called when it is a function of a {@link View}.
 *
 * @param text - As it was written, for the message.
 * @throws {@link TemplateError} when it has no such field.
 */
export function field(value: unknown, name: string, text: string, args: readonly unknown[]): unknown {
  if (value instanceof View) {
    const get = value.get(name);
    if (get === undefined) throw new TemplateError(`template: at <${text}>: there is no field ${name}`);
    return get(...args);
  }
  if (args.length > 0)
    throw new TemplateError(`template: at <${text}>: ${name} has arguments but is no function`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TemplateError(`template: at <${text}>: can't evaluate field ${name} in ${goString(value)}`);
  }
  if (!Object.hasOwn(value, name))
    throw new TemplateError(`template: at <${text}>: map has no entry for key "${name}"`);
  return (value as Record<string, unknown>)[name];
}
