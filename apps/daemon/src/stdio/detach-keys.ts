import { NsError } from '@ns/errors';

/** Docker's default: Ctrl-P, then Ctrl-Q. */
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

const CONTROL = 'abcdefghijklmnopqrstuvwxyz';
const CONTROL_OTHER: Readonly<Record<string, number>> = {
  '@': 0,
  '[': 27,
  '\\': 28,
  ']': 29,
  '^': 30,
  _: 31,
};

/**
 * The bytes of a detach sequence: `ctrl-p,ctrl-q`, `a,b`. Empty text is the default.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function parseDetachKeys(text: string): Buffer {
  const keys = (text === '' ? DEFAULT_DETACH_KEYS : text).split(',').map((key) => {
    if (Buffer.byteLength(key) === 1) return key.charCodeAt(0);
    const letter = /^ctrl-(.)$/.exec(key.toLowerCase())?.[1] ?? '';
    const code =
      CONTROL.includes(letter) && letter !== '' ? CONTROL.indexOf(letter) + 1 : CONTROL_OTHER[letter];
    if (code !== undefined) return code;
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'detach keys',
      message: `invalid detach keys (${text}) provided: unknown character: '${key}'`,
      hint: 'Give characters separated by commas, each a single one or ctrl- and one of a-z @ [ \\ ] ^ _.',
    });
  });
  return Buffer.from(keys);
}

/** Looks for the detach sequence in what a user types; a sequence that was begun is held back until it is decided. */
export class DetachScanner {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** @returns What goes on to the program, and whether the sequence was completed. */
  scan(input: Buffer): { pass: Buffer; detached: boolean } {
    const pass: number[] = [];
    for (const byte of input) {
      if (byte !== this.#keys[this.#matched]) {
        pass.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) {
          this.#matched = 0;
          return { pass: Buffer.from(pass), detached: true };
        }
      } else {
        pass.push(byte);
      }
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}
