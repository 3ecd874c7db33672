import * as v from 'valibot';

import { type Digest, isDigest } from '../digest.js';

/** A SHA-256 digest. The specification knows others; nobody uses them. */
export const digestSchema: v.GenericSchema<unknown, Digest> = v.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'must be "sha256:" and 64 hexadecimal digits',
);
