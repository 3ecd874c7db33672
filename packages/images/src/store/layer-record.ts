import * as v from 'valibot';

import type { Digest } from '../digest.js';
import type { LayerFacts } from '../extract/extractor.js';
import { digestSchema } from '../schema/digest.js';

/** What `layer.json` says of an unpacked layer. */
export interface LayerRecord extends LayerFacts {
  readonly diffId: Digest;
  /**
   * Present until the files are known to be on disk: the boot in which they were written. After another boot they may
   * be empty, whatever their names and sizes say, and the layer is unpacked again.
   */
  readonly unsyncedInBoot?: string | undefined;
}

/** The form of `layer.json`. */
export const layerRecordSchema: v.GenericSchema<unknown, LayerRecord> = v.object({
  diffId: digestSchema,
  entries: v.number(),
  sizeBytes: v.number(),
  implied: v.array(v.string()),
  isOpaque: v.boolean(),
  unsyncedInBoot: v.optional(v.string()),
});
