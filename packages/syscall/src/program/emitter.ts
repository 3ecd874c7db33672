import type { Arithmetic, Relation, Width } from './ir.js';

/** A place in the code that jumps go to; `-1` until it is bound. */
export interface Label {
  offset: number;
  /** Code offsets of the jumps that wait for the place to be known. */
  readonly waiting: number[];
}

export const label = (): Label => ({ offset: -1, waiting: [] });

/**
 * An operand after layout: a constant (addresses are constants), taken modulo 2^64, or a variable at an offset in the
 * writable segment.
 */
export type Value = { readonly constant: number | bigint } | { readonly slot: number };

/**
 * What an architecture must be able to say. The compiler drives it; it knows nothing of steps.
 *
 * A *call site* is the code offset just behind a check: the failure routine gets it as its return address, writes it to
 * the status descriptor, and TypeScript finds the step that it belongs to.
 */
export interface Emitter {
  /** Code offset of the next instruction. */
  readonly offset: number;
  /** The code so far. */
  code(): Uint8Array;
  /** Ends the emitter's life, and that of what {@link Emitter.code} returned: its memory is used again. */
  release(): void;
  /** The entry point. `writable` is the address of the writable segment. */
  prologue(writable: number): void;
  /**
   * The routines that every program shares: the checked system call, and the failure routine, which writes
   * `{u32 call site, u32 errno}` through the eight bytes at `record` (an offset in the writable segment).
   */
  routines(options: {
    readonly statusFd: number;
    readonly record: number;
    readonly failureStatus: number;
    readonly numbers: { readonly write: number; readonly exit_group: number };
  }): void;
  /** Load argument `index` (0–5) of the next system call. */
  argument(index: number, value: Value): void;
  /** A system call whose result is not checked. */
  syscall(number: number): void;
  /** A system call that enters the failure routine on any errno. Returns its call site. */
  checkedSyscall(number: number): number;
  /** Store the result of the last call. */
  result(slot: number): void;
  /** Jump when the last call returned this errno. */
  jumpIfErrno(errno: number, to: Label): void;
  jumpIfError(to: Label): void;
  jumpIfSuccess(to: Label): void;
  /** Jump when the last call returned zero: the child's side of a clone. */
  jumpIfZero(to: Label): void;
  /** Make `value` the result of the last call. */
  setResult(value: Value): void;
  /** Enter the failure routine with the last result. Returns the call site. */
  failure(): number;
  jump(to: Label): void;
  /** Jump when the comparison holds; 64-bit, signed. */
  jumpIf(left: Value, relation: Relation, right: Value, to: Label): void;
  bind(at: Label): void;
  compute(into: number, left: Value, by: readonly [Arithmetic, Value] | undefined): void;
  load(into: number, from: number, width: Width, signed: boolean): void;
  store(value: Value, to: number, width: Width): void;
}

/** A buffer that no code is in: programs are compiled one after another, and memory that is new must be cleared first. */
let spare: Uint8Array<ArrayBuffer> | undefined;
const FIRST_SIZE = 64 * 1024;
const LARGEST_SPARE = 1024 * 1024;

/** A growing buffer of little-endian code. */
export class CodeBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor() {
    this.#bytes = spare ?? new Uint8Array(FIRST_SIZE);
    spare = undefined;
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far. */
  content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Give the memory to the next buffer. Nothing may be written or read after that. */
  release(): void {
    if (this.#bytes.length <= LARGEST_SPARE) spare = this.#bytes;
    this.#bytes = new Uint8Array(0);
  }

  /** The offset of `size` new bytes. */
  #room(size: number): number {
    const at = this.#length;
    this.#length = at + size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  // Not a rest parameter, and one test for room: a first compilation runs in the interpreter, most of it here.
  u8(first: number, second?: number, third?: number, fourth?: number): void {
    const at = this.#room(4);
    const bytes = this.#bytes;
    bytes[at] = first;
    this.#length = at + 1;
    if (second === undefined) return;
    bytes[at + 1] = second;
    this.#length = at + 2;
    if (third === undefined) return;
    bytes[at + 2] = third;
    this.#length = at + 3;
    if (fourth === undefined) return;
    bytes[at + 3] = fourth;
    this.#length = at + 4;
  }

  /** Numbers are taken modulo 2^32. */
  u32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#room(8);
    this.#view.setBigUint64(at, value, true);
  }

  setU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }
}
