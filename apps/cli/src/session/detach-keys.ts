/** Ctrl-P, Ctrl-Q. */
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/**
 * Read a sequence of keys: single characters, or `ctrl-` with one of `a`–`z @ [ \ ] ^ _`, with commas between.
 *
 * @throws `Error`
 */
export function parseDetachKeys(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  return Buffer.from(
    text.split(',').map((key) => {
      const [, control] = /^ctrl-([a-z@[\\\]^_])$/i.exec(key) ?? [];
      if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
      if (/^[ -~]$/.test(key)) return key.charCodeAt(0);
      throw new Error(`invalid detach keys (${text}): unknown key ${JSON.stringify(key)}`);
    }),
  );
}

/** Looks for the detach sequence in what is typed. */
export class DetachFilter {
  readonly #keys: Buffer;
  /** How many keys of the sequence have been seen, and are held back. */
  #held = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /**
   * What of this input is for the container. A sequence that was begun is held back until it is completed, which
   * detaches, or broken off, which sends it on.
   */
  push(input: Buffer): { readonly data: Buffer; readonly detached: boolean } {
    if (this.#keys.length === 0) return { data: input, detached: false };
    const data: number[] = [];
    for (const key of input) {
      this.#take(key, data);
      if (this.#held === this.#keys.length) return { data: Buffer.from(data), detached: true };
    }
    return { data: Buffer.from(data), detached: false };
  }

  /** What is held back, when input has ended. */
  flush(): Buffer {
    const rest = this.#keys.subarray(0, this.#held);
    this.#held = 0;
    return rest;
  }

  #take(key: number, data: number[]): void {
    while (this.#held > 0 && key !== this.#keys[this.#held]) {
      // The longest end of what is held that can still be a beginning stays: Ctrl-P Ctrl-P Ctrl-Q detaches too.
      const shorter = this.#border(this.#held);
      data.push(...this.#keys.subarray(0, this.#held - shorter));
      this.#held = shorter;
    }
    if (key === this.#keys[this.#held]) this.#held += 1;
    else data.push(key);
  }

  /** Length of the longest proper prefix of the first `length` keys that is also their suffix. */
  #border(length: number): number {
    for (let size = length - 1; size > 0; size--) {
      if (this.#keys.subarray(0, size).equals(this.#keys.subarray(length - size, length))) return size;
    }
    return 0;
  }
}
