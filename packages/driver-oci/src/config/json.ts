import { randomUUID } from 'node:crypto';

/**
 * JSON with whole numbers of 64 bits, which limits and the conditions of seccomp rules have, and JSON.stringify does not.
 */
export function toJson(value: unknown): string {
  // What stands for a number is a text that nobody else could have written.
  const mark = randomUUID();
  const text = JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? `${mark}${member}` : member,
  );
  return text.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
}
