import * as v from 'valibot';

import { invalid, show } from '../invalid.js';
import { linuxSchema, mountSchema } from './linux.js';
import { hooksSchema, processSchema } from './process.js';
import { flag, list, object, optional, record, someText, text } from './values.js';

/** `config.json`: config.md of the OCI runtime specification, 1.3. Members that it does not know are ignored. */
const configSchema = object({
  ociVersion: someText,
  root: object({ path: someText, readonly: optional(flag) }),
  process: optional(processSchema),
  hostname: optional(text),
  domainname: optional(text),
  mounts: optional(list(mountSchema)),
  hooks: optional(hooksSchema),
  annotations: optional(record(text)),
  linux: optional(linuxSchema),
});

/** A configuration whose members have the right types. */
export type OciConfig = v.InferOutput<typeof configSchema>;

/**
 * Check the form of a configuration.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, which names the first member that is wrong.
 */
export const checkConfig = (value: unknown): OciConfig => check(configSchema, value, '');

/**
 * The same for a member that stands alone in a file. `place` is where it would be in a configuration, `operation` begins the
 * messages.
 */
export function check<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  place: string,
  operation: string = 'config.json',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = fieldOf(place, issue.path ?? []);
  const isMissing = issue.input === undefined;
  throw invalid(field, isMissing ? 'is missing' : issue.message, undefined, operation);
}

function fieldOf(place: string, path: readonly { readonly key?: unknown }[]): string {
  let field = place;
  for (const { key } of path) {
    if (typeof key === 'number') field += `[${key}]`;
    else if (/^\w+$/.test(String(key))) field += field === '' ? String(key) : `.${String(key)}`;
    else field += `[${show(key)}]`;
  }
  return field === '' ? 'the configuration' : field;
}
