import type { Digest } from '../digest.js';
import type { ImageConfig } from '../schema/config.js';
import { dateOf } from './image.js';

/** A step of how an image came about. */
export interface HistoryItem {
  /** The image's id for its last step; undefined for the others, which are no images of their own. */
  readonly id: Digest | undefined;
  readonly created: Date | undefined;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of the files of its layer; zero for a step without one. */
  readonly sizeBytes: number;
  /** Names of the image, for its last step. */
  readonly tags: readonly string[];
}

/** The steps of an image, the last one first. Layers without a step of their own are steps without words. */
export function historyOf(
  image: { readonly id: Digest; readonly tags: readonly string[]; readonly config: ImageConfig },
  sizeOf: (diffId: Digest) => number,
): HistoryItem[] {
  const diffIds = [...image.config.rootfs.diff_ids];
  const steps = (image.config.history ?? []).map((entry) => {
    const diffId = entry.empty_layer === true ? undefined : diffIds.shift();
    return { entry, sizeBytes: diffId === undefined ? 0 : sizeOf(diffId) };
  });
  for (const diffId of diffIds) steps.push({ entry: {}, sizeBytes: sizeOf(diffId) });
  return steps.toReversed().map(({ entry, sizeBytes }, at) => ({
    id: at === 0 ? image.id : undefined,
    created: dateOf(entry.created),
    createdBy: entry.created_by ?? '',
    comment: entry.comment ?? '',
    sizeBytes,
    tags: at === 0 ? image.tags : [],
  }));
}
