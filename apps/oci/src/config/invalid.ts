import { NsError } from '@ns/errors';

/** What a configuration says wrong; `field` is its place, `process.user.uid`. */
export const invalid = (field: string, fact: string, hint?: string, operation = 'config.json'): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message: `${field}: ${fact}`, hint });

/** What a configuration asks for that there is not. */
export const unsupported = (field: string, fact: string, hint?: string, operation = 'config.json'): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation, message: `${field}: ${fact}`, hint });

/** A value for a message: short, and on one line. */
export function show(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner)) ??
    'nothing';
  const exact = typeof value === 'bigint' ? String(value) : text;
  return exact.length > 60 ? `${exact.slice(0, 57)}…` : exact;
}
