import { BPF } from '@ns/syscall';

/** Where a jump goes: a return that may be anywhere, or an instruction that was emitted. */
export type Target = { readonly value: number } | { readonly at: number };

/** Comparisons of the accumulator with a constant. */
export type Comparison = 'JEQ' | 'JGT' | 'JGE' | 'JSET';

interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** `struct sock_filter`. */
export const INSTRUCTION_SIZE = 8;
/** Conditional jumps skip at most this many instructions. */
const REACH = 255;

const RETURN = BPF.BPF_RET + BPF.BPF_K;
const JUMP = BPF.BPF_JMP + BPF.BPF_JA;
const LOAD = BPF.BPF_LD + BPF.BPF_W + BPF.BPF_ABS;
const AND = BPF.BPF_ALU + BPF.BPF_AND + BPF.BPF_K;
const COMPARE: Readonly<Record<Comparison, number>> = {
  JEQ: BPF.BPF_JMP + BPF.BPF_JEQ + BPF.BPF_K,
  JGT: BPF.BPF_JMP + BPF.BPF_JGT + BPF.BPF_K,
  JGE: BPF.BPF_JMP + BPF.BPF_JGE + BPF.BPF_K,
  JSET: BPF.BPF_JMP + BPF.BPF_JSET + BPF.BPF_K,
};

/**
 * Writes a classic BPF program from its end to its beginning.
 *
 * Classic BPF jumps forward only, and conditional jumps at most 255 instructions: written backwards, every target is
 * known when the jump to it is written, and a helper for a far one can be put right behind the jump.
 */
export class Assembler {
  /** The last instruction first: an index is the distance from the end. */
  readonly #code: Instruction[] = [];
  readonly #returns = new Map<number, number>();

  /** The number of instructions. */
  get length(): number {
    return this.#code.length;
  }

  /** Put `load word at offset of struct seccomp_data` in front. */
  load(offset: number): Target {
    return this.#push({ code: LOAD, jt: 0, jf: 0, k: offset });
  }

  /** Put `and with a mask` in front. */
  and(mask: number): Target {
    return this.#push({ code: AND, jt: 0, jf: 0, k: mask });
  }

  /** Put a comparison in front; it goes nowhere when both targets are the same. */
  compare(comparison: Comparison, k: number, yes: Target, no: Target): Target {
    let jt = this.#reach(yes);
    const jf = this.#reach(no);
    // A helper for `no` may have put `yes` out of reach, the new one is next to the jump.
    jt = this.#reach(yes, jt);
    return this.#push({
      code: COMPARE[comparison],
      jt: this.#distance(jt),
      jf: this.#distance(jf),
      k,
    });
  }

  /** Make `target` what comes next: what is put in front afterwards runs into it. */
  fallInto(target: Target): void {
    if ('value' in target) this.#return(target.value);
    else if (target.at !== this.length - 1) {
      this.#push({ code: JUMP, jt: 0, jf: 0, k: this.#distance(target.at) });
    }
  }

  /** The program as an array of `struct sock_filter`, little-endian as both architectures are. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.length * INSTRUCTION_SIZE);
    const view = new DataView(bytes.buffer);
    this.#code.toReversed().forEach(({ code, jt, jf, k }, index) => {
      const offset = index * INSTRUCTION_SIZE;
      view.setUint16(offset, code, true);
      view.setUint8(offset + 2, jt);
      view.setUint8(offset + 3, jf);
      view.setUint32(offset + 4, k, true);
    });
    return bytes;
  }

  #push(instruction: Instruction): { at: number } {
    this.#code.push(instruction);
    return { at: this.length - 1 };
  }

  #return(value: number): number {
    const { at } = this.#push({ code: RETURN, jt: 0, jf: 0, k: value });
    this.#returns.set(value, at);
    return at;
  }

  /** How many instructions lie between the next one and `at`. */
  #distance(at: number): number {
    return this.length - at - 1;
  }

  /** An instruction that is, or leads to, the target and that a jump can reach with one helper put between. */
  #reach(target: Target, found?: number): number {
    const at = found ?? ('value' in target ? this.#returns.get(target.value) : target.at);
    if (at !== undefined && this.#distance(at) < REACH) return at;
    if ('value' in target) return this.#return(target.value);
    return this.#push({ code: JUMP, jt: 0, jf: 0, k: this.#distance(target.at) }).at;
  }
}
