import { CodeBuffer, type Emitter, type Label, type Value } from './emitter.js';
import type { Arithmetic, Relation, Width } from './ir.js';

/** The number of the system call, syscall(2). Arguments are in x0–x5, the result is in x0. */
const NUMBER = 8;
const LEFT = 9;
const RIGHT = 10;
/** Holds an offset that does not fit in an instruction. */
const OFFSET = 11;
/** The writable segment. Callee-saved by convention, and the kernel preserves all but x0. */
const WRITABLE = 19;
/** Return address: what `bl` leaves for the routine it calls. */
const LINK = 30;
const ZERO = 31;

const MAX_IMMEDIATE = 4095;
/** Results from its negative up to -1 are errnos. */
const MAX_ERRNO = 4095;

const SVC = 0xd4000001;
const RET = 0xd65f03c0;
const B = 0x14000000;
const BL = 0x94000000;
const B_COND = 0x54000000;
const CBNZ = 0xb5000000;
const ADD_IMMEDIATE = 0x91000000;
const ADDS_IMMEDIATE = 0xb1000000;
const SUBS_IMMEDIATE = 0xf1000000;
const ADD = 0x8b000000;
const SUBS = 0xeb000000;
const SUB_32 = 0x4b000000;
const MOVZ = 0xd2800000;
const MOVN = 0x92800000;
const MOVK = 0xf2800000;
const MOVN_32 = 0x12800000;
/** Base plus scaled immediate, and base plus register; the size goes in the top two bits, what is done in bits 22–23. */
const MEMORY_IMMEDIATE = 0x39000000;
const MEMORY_REGISTER = 0x38206800;
const STORE = 0;
const LOAD = 1;
const LOAD_SIGNED = 2;

const CONDITIONS: Readonly<Record<Relation, number>> = {
  '==': 0x0,
  '!=': 0x1,
  '>=': 0xa,
  '<': 0xb,
  '>': 0xc,
  '<=': 0xd,
};
const CARRY_SET = 0x2;
const CARRY_CLEAR = 0x3;

/** Register forms, 64 bits: `OP rd, rn, rm`. Shifts take the count modulo 64, as on x86-64. */
const ALU: Readonly<Record<Arithmetic, number>> = {
  '+': ADD,
  '-': 0xcb000000,
  '&': 0x8a000000,
  '|': 0xaa000000,
  '<<': 0x9ac02000,
  '>>': 0x9ac02400,
};

const LOG2: Readonly<Record<Width, number>> = { 1: 0, 2: 1, 4: 2, 8: 3 };

/**
 * aarch64: Arm Architecture Reference Manual for A-profile, "A64 Base Instruction Descriptions".
 *
 * x0 is the last result, x9–x11 are scratch, x19 the writable segment. There is no stack: a call site is in x30.
 */
export class Aarch64Emitter implements Emitter {
  readonly #code = new CodeBuffer();
  #checked = 0;
  #fail = 0;

  get offset(): number {
    return this.#code.length;
  }

  code(): Uint8Array {
    return this.#code.content();
  }

  release(): void {
    this.#code.release();
  }

  prologue(writable: number): void {
    this.#constant(WRITABLE, writable);
  }

  routines(options: Parameters<Emitter['routines']>[0]): void {
    // The way in from the entry point leads past the routines.
    const past: Label = { offset: -1, waiting: [] };
    this.jump(past);

    this.#checked = this.offset;
    this.#emit(SVC);
    this.#compareWithErrors();
    this.#skipOn(CARRY_SET);
    this.#emit(RET);

    this.#fail = this.offset;
    this.#memory(STORE, LINK, options.record, 4);
    this.#emit(SUB_32 | (ZERO << 5)); // neg w0, w0
    this.#memory(STORE, 0, options.record + 4, 4);
    this.#constant(0, options.statusFd);
    this.#address(1, options.record);
    this.#constant(2, 8);
    this.syscall(options.numbers.write);
    this.#constant(0, options.failureStatus);
    this.syscall(options.numbers.exit_group);
    this.bind(past);
  }

  argument(index: number, value: Value): void {
    this.#into(index, value);
  }

  syscall(number: number): void {
    this.#constant(NUMBER, number);
    this.#emit(SVC);
  }

  checkedSyscall(number: number): number {
    this.#constant(NUMBER, number);
    return this.#call(this.#checked);
  }

  result(slot: number): void {
    this.#memory(STORE, 0, slot, 8);
  }

  jumpIfErrno(errno: number, to: Label): void {
    this.#emit(ADDS_IMMEDIATE | (errno << 10) | ZERO); // cmn x0, errno
    this.#jumpOn(CONDITIONS['=='], to);
  }

  jumpIfError(to: Label): void {
    this.#compareWithErrors();
    this.#jumpOn(CARRY_SET, to);
  }

  jumpIfSuccess(to: Label): void {
    this.#compareWithErrors();
    this.#jumpOn(CARRY_CLEAR, to);
  }

  jumpIfZero(to: Label): void {
    this.#emit(CBNZ | (2 << 5)); // over the jump
    this.jump(to);
  }

  setResult(value: Value): void {
    this.#into(0, value);
  }

  failure(): number {
    return this.#call(this.#fail);
  }

  jump(to: Label): void {
    if (to.offset === -1) {
      to.waiting.push(this.offset);
      this.#emit(B);
    } else {
      this.#emit(branch(B, this.offset, to.offset));
    }
  }

  jumpIf(left: Value, relation: Relation, right: Value, to: Label): void {
    this.#into(LEFT, left);
    const constant = 'constant' in right ? right.constant : undefined;
    if (typeof constant === 'number' && constant >= 0 && constant <= MAX_IMMEDIATE) {
      this.#emit(SUBS_IMMEDIATE | (constant << 10) | (LEFT << 5) | ZERO); // cmp x9, constant
    } else if (typeof constant === 'number' && constant < 0 && constant >= -MAX_IMMEDIATE) {
      this.#emit(ADDS_IMMEDIATE | (-constant << 10) | (LEFT << 5) | ZERO); // cmn x9, -constant
    } else {
      this.#into(RIGHT, right);
      this.#emit(SUBS | (RIGHT << 16) | (LEFT << 5) | ZERO); // cmp x9, x10
    }
    this.#jumpOn(CONDITIONS[relation], to);
  }

  bind(at: Label): void {
    at.offset = this.offset;
    for (const place of at.waiting) this.#code.setU32(place, branch(B, place, at.offset));
  }

  compute(into: number, left: Value, by: readonly [Arithmetic, Value] | undefined): void {
    this.#into(LEFT, left);
    if (by !== undefined) {
      const [operator, right] = by;
      this.#into(RIGHT, right);
      this.#emit(ALU[operator] | (RIGHT << 16) | (LEFT << 5) | LEFT);
    }
    this.#memory(STORE, LEFT, into, 8);
  }

  load(into: number, from: number, width: Width, signed: boolean): void {
    this.#memory(signed && width < 8 ? LOAD_SIGNED : LOAD, LEFT, from, width);
    this.#memory(STORE, LEFT, into, 8);
  }

  store(value: Value, to: number, width: Width): void {
    this.#into(LEFT, value);
    this.#memory(STORE, LEFT, to, width);
  }

  #emit(instruction: number): void {
    this.#code.u32(instruction);
  }

  /** Sets the carry when x0 is an errno: cmn x0, 4095. */
  #compareWithErrors(): void {
    this.#emit(ADDS_IMMEDIATE | (MAX_ERRNO << 10) | ZERO);
  }

  #call(routine: number): number {
    this.#emit(branch(BL, this.offset, routine));
    return this.offset;
  }

  /** Over the next instruction. */
  #skipOn(condition: number): void {
    this.#emit(B_COND | (2 << 5) | condition);
  }

  /** A conditional branch reaches 1 MiB only, `b` 128: more than code can be. */
  #jumpOn(condition: number, to: Label): void {
    this.#skipOn(condition ^ 1);
    this.jump(to);
  }

  /** The shortest sequence of moves that makes a register equal to a constant. */
  #constant(register: number, constant: number | bigint): void {
    if (typeof constant === 'bigint') {
      const value = BigInt.asUintN(64, constant);
      this.#halves(register, Number(value & 0xffffffffn), Number(value >> 32n));
    } else if (constant >= 0 && constant <= 0xffff) {
      this.#emit(MOVZ | (constant << 5) | register);
    } else {
      this.#halves(register, constant >>> 0, Math.floor(constant / 0x1_0000_0000) >>> 0);
    }
  }

  #halves(register: number, low: number, high: number): void {
    // Two quarters, one of them all ones: the 32-bit form clears the upper half.
    if (high === 0 && low >>> 16 === 0xffff) {
      this.#emit(MOVN_32 | ((~low & 0xffff) << 5) | register);
      return;
    }
    if (high === 0 && low >>> 16 !== 0 && (low & 0xffff) === 0xffff) {
      this.#emit(MOVN_32 | (1 << 21) | ((~low >>> 16) << 5) | register);
      return;
    }
    const quarters = [low & 0xffff, low >>> 16, high & 0xffff, high >>> 16];
    let ones = 0;
    let zeros = 0;
    for (const quarter of quarters) {
      if (quarter === 0xffff) ones++;
      else if (quarter === 0) zeros++;
    }
    // What the first move leaves in the other quarters.
    const rest = ones > zeros ? 0xffff : 0;
    const first = Math.max(
      0,
      quarters.findIndex((quarter) => quarter !== rest),
    );
    for (let index = first; index < 4; index++) {
      const quarter = quarters[index]!;
      if (index !== first && quarter === rest) continue;
      const shifted = (index << 21) | register;
      if (index !== first) this.#emit(MOVK | (quarter << 5) | shifted);
      else if (rest === 0) this.#emit(MOVZ | (quarter << 5) | shifted);
      else this.#emit(MOVN | ((quarter ^ 0xffff) << 5) | shifted);
    }
  }

  #into(register: number, value: Value): void {
    if ('constant' in value) this.#constant(register, value.constant);
    else this.#memory(LOAD, register, value.slot, 8);
  }

  /** `register = x19 + offset`. */
  #address(register: number, offset: number): void {
    if (offset <= MAX_IMMEDIATE) {
      this.#emit(ADD_IMMEDIATE | (offset << 10) | (WRITABLE << 5) | register);
    } else {
      this.#constant(register, offset);
      this.#emit(ADD | (register << 16) | (WRITABLE << 5) | register);
    }
  }

  /** A load or store at an offset in the writable segment. */
  #memory(what: number, register: number, offset: number, width: Width): void {
    const size = LOG2[width];
    const operation = (size << 30) | (what << 22) | (WRITABLE << 5) | register;
    if (offset % width === 0 && offset / width <= MAX_IMMEDIATE) {
      this.#emit(MEMORY_IMMEDIATE | operation | ((offset / width) << 10));
    } else {
      this.#constant(OFFSET, offset);
      this.#emit(MEMORY_REGISTER | operation | (OFFSET << 16));
    }
  }
}

/** `b` or `bl`. */
function branch(operation: number, from: number, to: number): number {
  return operation | (((to - from) >> 2) & 0x3ffffff);
}
