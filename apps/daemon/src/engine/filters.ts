import { NsError } from '@ns/errors';

/** What the `filters` parameter of a request asks for: for each key, any of its values. */
export class Filters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /**
   * Read the parameter: `{"name":{"web":true}}`, or the older `{"name":["web"]}`.
   *
   * @param known - The keys this request understands.
   * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
   */
  static parse(text: string | null, known: readonly string[]): Filters {
    const values = new Map<string, readonly string[]>();
    for (const [key, given] of Object.entries(parseObject(text))) {
      if (!known.includes(key)) throw invalid(`invalid filter '${key}'`, known);
      const list = Array.isArray(given)
        ? given
        : typeof given === 'object' && given !== null
          ? Object.keys(given)
          : undefined;
      if (!list?.every((item) => typeof item === 'string'))
        throw invalid(`filter '${key}' is malformed`, known);
      values.set(key, list);
    }
    return new Filters(values);
  }

  /** The values of a key; empty when the request does not filter by it. */
  get(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  has(key: string): boolean {
    return this.get(key).length > 0;
  }

  /** True when the request does not filter by `key`, or `matches` holds for one of its values. */
  any(key: string, matches: (value: string) => boolean): boolean {
    const values = this.get(key);
    return values.length === 0 || values.some(matches);
  }

  /** True when every `label` filter (`name` or `name=value`) holds: labels are the one key that is a conjunction. */
  labels(labels: Readonly<Record<string, string>>): boolean {
    return this.get('label').every((wanted) => hasLabel(labels, wanted));
  }
}

/** @param wanted - `name`, or `name=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at === -1) return Object.hasOwn(labels, wanted);
  const name = wanted.slice(0, at);
  return Object.hasOwn(labels, name) && labels[name] === wanted.slice(at + 1);
}

function parseObject(text: string | null): Record<string, unknown> {
  if (text === null || text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Falls through to the error below, which says what was expected.
  }
  throw invalid(`'${text}' is not a JSON object`, []);
}

function invalid(message: string, known: readonly string[]): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'filters',
    message,
    hint:
      known.length > 0
        ? `The filters here are ${known.join(', ')}.`
        : 'The form is {"key":{"value":true}}, or {"key":["value"]}.',
  });
}
