import { createHash, type Hash } from 'node:crypto';

/** The SHA-256 of some bytes: `sha256:` and 64 hexadecimal digits in lower case. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** True for a complete digest. */
export const isDigest = (text: string): text is Digest => DIGEST.test(text);

/** The hexadecimal digits of a digest. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

/** The digest of bytes. */
export const digestOf = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A digest of bytes that come in pieces, and how many there were. */
export class Digester {
  readonly #hash: Hash = createHash('sha256');
  #sizeBytes = 0;
  #digest: Digest | undefined;

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
  }

  /** To be asked for at the end: nothing can be added after that. */
  digest(): Digest {
    this.#digest ??= `sha256:${this.#hash.digest('hex')}`;
    return this.#digest;
  }
}
