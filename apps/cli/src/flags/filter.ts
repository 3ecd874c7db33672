import type { Filters } from '@ns/engine-api';

/** One `key=value` of `--filter`. @throws `Error` */
export function parseFilter(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at === -1) throw new Error(`invalid filter '${text}': it is key=value`);
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

/** Filters as the API has them. */
export function filtersOf(pairs: readonly (readonly [string, string])[]): Filters {
  const filters: Filters = {};
  for (const [key, value] of pairs) filters[key] = [...(filters[key] ?? []), value];
  return filters;
}
