import { NsError } from '@ns/errors';

/** What a configuration says wrong; `field` is its place, `process.user.uid`. */
export const invalid = (field: string, fact: string, hint?: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation: 'config.json', message: `${field}: ${fact}`, hint });

/** What a configuration asks for that there is not. */
export const unsupported = (field: string, fact: string, hint?: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', { operation: 'config.json', message: `${field}: ${fact}`, hint });

/** A value for a message: short, and on one line. */
export function show(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
