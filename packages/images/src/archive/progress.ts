import type { Digest } from '../digest.js';
import type { Image } from '../store/image.js';

/** What happens while an archive is loaded. */
export type LoadEvent =
  /** Bytes of the archive that were read, unpacked. */
  | { readonly kind: 'reading'; readonly bytes: number }
  /** Bytes of a layer that were unpacked. The last one of a layer has `isDone`. */
  | { readonly kind: 'layer'; readonly diffId: Digest; readonly bytes: number; readonly isDone: boolean }
  /** The store has an image, under these names (`busybox:latest`); none when the archive gives it none. */
  | { readonly kind: 'loaded'; readonly image: Image; readonly refs: readonly string[] };

/** Passes on a number that grows, not more often than people can see. */
export class Throttle {
  readonly #intervalMs: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(intervalMs = 100) {
    this.#intervalMs = intervalMs;
  }

  /** True when it is time to tell. */
  isDue(): boolean {
    const now = performance.now();
    if (now - this.#last < this.#intervalMs) return false;
    this.#last = now;
    return true;
  }
}
