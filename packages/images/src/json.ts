import * as v from 'valibot';

import { corrupt } from './failure.js';

/** The registries' own limit for manifests. */
export const MAX_JSON_BYTES: number = 4 * 1024 * 1024;
/** Far above what manifests and configurations have. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Parse JSON of somebody else and check its form.
 *
 * @param subject - What it is, for errors: `manifest.json`.
 * @throws NsError `ERR_NS_CORRUPT` for more than 4 MiB, deep nesting, what is no JSON, and a form that differs: the
 * message names the member.
 */
export function parseJson<const Schema extends v.GenericSchema>(
  operation: string,
  subject: string,
  bytes: Uint8Array,
  schema: Schema,
): v.InferOutput<Schema> {
  if (bytes.length > MAX_JSON_BYTES) {
    throw corrupt(
      operation,
      `${subject} has ${bytes.length} bytes, where at most ${MAX_JSON_BYTES} are read`,
    );
  }
  if (depthOf(bytes) > MAX_DEPTH)
    throw corrupt(operation, `${subject} is nested more than ${MAX_DEPTH} deep`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw corrupt(operation, `${subject} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  return checkForm(operation, subject, value, schema);
}

/** Check the form of a value; errors name the member. */
export function checkForm<const Schema extends v.GenericSchema>(
  operation: string,
  subject: string,
  value: unknown,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const member = memberOf(issue.path ?? []);
  const fact = issue.type === 'custom' || issue.kind === 'validation' ? issue.message : typeFact(issue);
  throw corrupt(operation, `${subject}: ${member === '' ? '' : `${member} `}${fact}`);
}

const typeFact = (issue: { readonly expected: string | null; readonly received: string }): string =>
  issue.received === 'undefined'
    ? 'is missing'
    : `must be ${issue.expected ?? 'something else'}, is ${issue.received.slice(0, 60)}`;

/** `config.Env[2]` */
function memberOf(path: readonly { readonly key?: unknown }[]): string {
  return path
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** How deep brackets are nested, those in strings not counted. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSING.has(byte)) depth--;
  }
  return deepest;
}
