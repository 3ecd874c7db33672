import type { Digest } from '../digest.js';
import type { ImageConfig } from '../schema/config.js';

/** A layer of an image. */
export interface ImageLayer {
  /** Digest of the plain archive. */
  readonly diffId: Digest;
  /** Digest of the archive as it is stored. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the archive as it is stored. */
  readonly sizeBytes: number;
}

/** An image of a store, as it was when it was asked for. */
export interface Image {
  /** Digest of the configuration. */
  readonly id: Digest;
  /** `busybox:latest`, sorted; empty for an image without a name. */
  readonly tags: readonly string[];
  /** `busybox@sha256:…`: names with the digest of what they name, a manifest or an index. */
  readonly repoDigests: readonly string[];
  /** Undefined when the image does not say, or says something else than a date. */
  readonly created: Date | undefined;
  /** Bytes of all files of all layers. */
  readonly sizeBytes: number;
  readonly config: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
}

/** The date of a member of a configuration. */
export function dateOf(text: string | null | undefined): Date | undefined {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
