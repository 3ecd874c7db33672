import { readControlIfAny } from '../control-file.js';
import { parseLimit } from '../limit-text.js';
import type { Limit } from '../resources.js';

/** A flat keyed file: `usage_usec 10\nuser_usec 7`. */
export function parseFields(text: string): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at > 0) fields[line.slice(0, at)] = Number(line.slice(at + 1));
  }
  return fields;
}

/** A number, or `undefined` when there is no such file. */
export function readNumber(path: string): number | undefined {
  const text = readControlIfAny(path);
  return text === undefined ? undefined : Number(text);
}

/** A limit, or `undefined` when there is no such file. */
export function readLimit(path: string): Limit | undefined {
  const text = readControlIfAny(path);
  return text === undefined ? undefined : parseLimit(text);
}

/** The members that are known. */
export const known = <T extends object>(members: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
