import { NsError } from '@ns/errors';

import type { Filters } from '../types/filters.js';

/** A value of a query: arrays are sent as the same key again and again, filters as JSON. */
export type QueryValue = string | number | boolean | readonly string[] | Filters | undefined;

/** `?a=1&b=x`, or nothing. Undefined values are left out, booleans are 1 and 0. */
export function queryString(values: object): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values) as [string, QueryValue][]) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const item of value as readonly string[]) query.append(key, item);
    else if (typeof value === 'object') query.append(key, JSON.stringify(value));
    else query.append(key, typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * A name or id as part of a path. Slashes, colons and at signs stand as they are: image names are full of them, and
 * engines expect them so.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for an empty name: the path would be another endpoint's.
 */
export function pathName(operation: string, name: string): string {
  if (name.trim() === '') {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message: 'the name or id is empty' });
  }
  return encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@');
}
