import type { Digest } from '../digest.js';

/**
 * What operations that go on need of the store although no image refers to it, or not yet.
 */
export class Leases {
  readonly #counts = new Map<Digest, number>();

  has(digest: Digest): boolean {
    return this.#counts.has(digest);
  }

  /** Begin to hold things. `released` is told, in the end, what nobody holds any more. */
  begin(released: (digests: readonly Digest[]) => Promise<void>): Lease {
    const held = new Set<Digest>();
    return {
      hold: (...digests) => {
        for (const digest of digests) {
          if (held.has(digest)) continue;
          held.add(digest);
          this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
        }
      },
      [Symbol.asyncDispose]: async () => {
        for (const digest of held) {
          const count = (this.#counts.get(digest) ?? 0) - 1;
          if (count > 0) this.#counts.set(digest, count);
          else this.#counts.delete(digest);
        }
        const digests = [...held].filter((digest) => !this.has(digest));
        held.clear();
        await released(digests);
      },
    };
  }
}

/** Blobs and layers that are not removed while it lasts. */
export interface Lease extends AsyncDisposable {
  /** To be called before looking whether the store has them. */
  hold(...digests: readonly Digest[]): void;
}
