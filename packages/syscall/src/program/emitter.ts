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

/** A growing buffer of little-endian code. */
export class CodeBuffer {
  // Enough for most programs: growing means copying.
  #bytes = new Uint8Array(16 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far. */
  content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
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

  #byte(value: number): void {
    // In this order: making room may change the array.
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  // Not a rest parameter: a first compilation runs in the interpreter, where an array per instruction is most of the time.
  u8(first: number, second?: number, third?: number, fourth?: number): void {
    this.#byte(first);
    if (second === undefined) return;
    this.#byte(second);
    if (third === undefined) return;
    this.#byte(third);
    if (fourth !== undefined) this.#byte(fourth);
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
