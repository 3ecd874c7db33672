import type { Limit } from './resources.js';

/** A limit as version 1 writes it. */
export const v1Limit = (limit: Limit): string => (limit === 'unlimited' ? '-1' : String(limit));

/** A limit as version 2 writes it. */
export const v2Limit = (limit: Limit): string => (limit === 'unlimited' ? 'max' : String(limit));

/** What version 1 shows for no limit is the largest number of pages; everything near it means that. */
const V1_UNLIMITED = 2 ** 62;

/** Reads either form: a number of bytes, `max`, `-1`. */
export function parseLimit(text: string): Limit {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return trimmed === 'max' || value < 0 || value >= V1_UNLIMITED ? 'unlimited' : value;
}
