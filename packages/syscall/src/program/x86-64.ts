import { CodeBuffer, type Emitter, type Label, type Value } from './emitter.js';
import type { Arithmetic, Relation, Width } from './ir.js';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSI = 6;
const RDI = 7;
/** The argument registers of the kernel's calling convention, syscall(2): rdi, rsi, rdx, r10, r8, r9. */
const ARGUMENTS = [RDI, RSI, RDX, 10, 8, 9];
/** rbx holds the writable segment's address plus this, so that one signed byte reaches the first 32 variables. */
const BIAS = 128;

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;
const UINT32_MAX = 0xffffffff;
/** Results from here up to -1 are errnos. */
const LOWEST_ERROR = -4095;

const CONDITIONS: Readonly<Record<Relation, number>> = {
  '==': 0x4,
  '!=': 0x5,
  '<': 0xc,
  '>=': 0xd,
  '<=': 0xe,
  '>': 0xf,
};
const ABOVE_OR_EQUAL = 0x3;
const BELOW = 0x2;

/** Opcodes of `OP r/m64, r64`. */
const ALU: Readonly<Record<'+' | '-' | '&' | '|', number>> = { '+': 0x01, '-': 0x29, '&': 0x21, '|': 0x09 };

/** x86-64: Intel SDM volume 2. rax is the last result, rcx and rdx are scratch, rbx the writable segment. */
export class X8664Emitter implements Emitter {
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
    this.#constant(3, writable + BIAS);
  }

  routines(options: Parameters<Emitter['routines']>[0]): void {
    const code = this.#code;
    // The way in from the entry point leads past the routines.
    const past: Label = { offset: -1, waiting: [] };
    this.jump(past);

    this.#checked = this.offset;
    code.u8(0x0f, 0x05); // syscall
    code.u8(0x48, 0x3d); // cmp rax, LOWEST_ERROR
    code.u32(LOWEST_ERROR);
    code.u8(0x73, 0x01); // jae over the ret
    code.u8(0xc3); // ret

    this.#fail = this.offset;
    code.u8(0x59); // pop rcx: the call site
    // The site is reported as an offset in the code; code lies at a constant address.
    code.u8(0x89); // mov [record], ecx
    this.#memory(RCX, options.record);
    code.u8(0xf7, 0xd8); // neg eax
    code.u8(0x89); // mov [record + 4], eax
    this.#memory(RAX, options.record + 4);
    this.#constant(RDI, options.statusFd);
    code.u8(0x48, 0x8d); // lea rsi, [record]
    this.#memory(RSI, options.record);
    this.#constant(RDX, 8);
    this.syscall(options.numbers.write);
    this.#constant(RDI, options.failureStatus);
    this.syscall(options.numbers.exit_group);
    this.bind(past);
  }

  argument(index: number, value: Value): void {
    this.#into(ARGUMENTS[index]!, value);
  }

  syscall(number: number): void {
    this.#constant(RAX, number);
    this.#code.u8(0x0f, 0x05);
  }

  checkedSyscall(number: number): number {
    this.#constant(RAX, number);
    return this.#call(this.#checked);
  }

  result(slot: number): void {
    this.#code.u8(0x48, 0x89); // mov [slot], rax
    this.#memory(RAX, slot);
  }

  jumpIfErrno(errno: number, to: Label): void {
    if (errno <= 128) {
      this.#code.u8(0x48, 0x83, 0xf8, -errno & 0xff); // cmp rax, imm8
    } else {
      this.#code.u8(0x48, 0x3d); // cmp rax, imm32
      this.#code.u32(-errno);
    }
    this.#jumpOn(CONDITIONS['=='], to);
  }

  jumpIfError(to: Label): void {
    this.#compareWithErrors();
    this.#jumpOn(ABOVE_OR_EQUAL, to);
  }

  jumpIfSuccess(to: Label): void {
    this.#compareWithErrors();
    this.#jumpOn(BELOW, to);
  }

  jumpIfZero(to: Label): void {
    this.#code.u8(0x48, 0x85, 0xc0); // test rax, rax
    this.#jumpOn(CONDITIONS['=='], to);
  }

  setResult(value: Value): void {
    this.#into(RAX, value);
  }

  failure(): number {
    return this.#call(this.#fail);
  }

  jump(to: Label): void {
    this.#code.u8(0xe9);
    this.#reference(to);
  }

  jumpIf(left: Value, relation: Relation, right: Value, to: Label): void {
    this.#into(RCX, left);
    const constant = 'constant' in right ? right.constant : undefined;
    if (typeof constant === 'number' && constant >= INT32_MIN && constant <= INT32_MAX) {
      this.#code.u8(0x48, 0x81, 0xf9); // cmp rcx, imm32
      this.#code.u32(constant);
    } else {
      this.#into(RDX, right);
      this.#code.u8(0x48, 0x39, 0xd1); // cmp rcx, rdx
    }
    this.#jumpOn(CONDITIONS[relation], to);
  }

  bind(at: Label): void {
    at.offset = this.offset;
    for (const place of at.waiting) this.#code.setU32(place, at.offset - (place + 4));
  }

  compute(into: number, left: Value, by: readonly [Arithmetic, Value] | undefined): void {
    // rax is left alone: it is still the last result.
    this.#into(RDX, left);
    if (by !== undefined) {
      const [operator, right] = by;
      this.#into(RCX, right);
      if (operator === '<<' || operator === '>>') {
        this.#code.u8(0x48, 0xd3, operator === '<<' ? 0xe2 : 0xea); // shl/shr rdx, cl
      } else {
        this.#code.u8(0x48, ALU[operator], 0xca); // op rdx, rcx
      }
    }
    this.#code.u8(0x48, 0x89); // mov [into], rdx
    this.#memory(RDX, into);
  }

  load(into: number, from: number, width: Width, signed: boolean): void {
    const code = this.#code;
    if (width === 8) code.u8(0x48, 0x8b);
    else if (signed && width === 4) code.u8(0x48, 0x63);
    else if (signed) code.u8(0x48, 0x0f, width === 2 ? 0xbf : 0xbe);
    else if (width === 4) code.u8(0x8b);
    else code.u8(0x0f, width === 2 ? 0xb7 : 0xb6);
    this.#memory(RDX, from);
    code.u8(0x48, 0x89); // mov [into], rdx
    this.#memory(RDX, into);
  }

  store(value: Value, to: number, width: Width): void {
    this.#into(RDX, value);
    const code = this.#code;
    if (width === 8) code.u8(0x48, 0x89);
    else if (width === 4) code.u8(0x89);
    else if (width === 2) code.u8(0x66, 0x89);
    else code.u8(0x88);
    this.#memory(RDX, to);
  }

  #compareWithErrors(): void {
    this.#code.u8(0x48, 0x3d); // cmp rax, LOWEST_ERROR
    this.#code.u32(LOWEST_ERROR);
  }

  #call(routine: number): number {
    this.#code.u8(0xe8);
    this.#code.u32(routine - (this.offset + 4));
    return this.offset;
  }

  #jumpOn(condition: number, to: Label): void {
    this.#code.u8(0x0f, 0x80 | condition);
    this.#reference(to);
  }

  #reference(to: Label): void {
    if (to.offset === -1) {
      to.waiting.push(this.offset);
      this.#code.u32(0);
    } else {
      this.#code.u32(to.offset - (this.offset + 4));
    }
  }

  /** The shortest instruction that makes a register equal to a constant. */
  #constant(register: number, constant: number | bigint): void {
    const code = this.#code;
    const value = typeof constant === 'number' ? constant : Number(BigInt.asIntN(64, constant));
    const low = register & 7;
    const high = register >= 8;
    if (value === 0) {
      if (high) code.u8(0x45);
      code.u8(0x31, 0xc0 | (low << 3) | low); // xor r32, r32
    } else if (value >= -128 && value <= 127) {
      code.u8(0x6a, value); // push imm8
      if (high) code.u8(0x41);
      code.u8(0x58 | low); // pop r64
    } else if (value > 0 && value <= UINT32_MAX) {
      if (high) code.u8(0x41);
      code.u8(0xb8 | low); // mov r32, imm32
      code.u32(value);
    } else if (value >= INT32_MIN && value < 0) {
      code.u8(high ? 0x49 : 0x48, 0xc7, 0xc0 | low); // mov r64, simm32
      code.u32(value);
    } else {
      code.u8(high ? 0x49 : 0x48, 0xb8 | low); // movabs r64, imm64
      code.u64(BigInt(constant));
    }
  }

  #into(register: number, value: Value): void {
    if ('constant' in value) {
      this.#constant(register, value.constant);
      return;
    }
    this.#code.u8(register >= 8 ? 0x4c : 0x48, 0x8b); // mov r64, [slot]
    this.#memory(register & 7, value.slot);
  }

  /** ModRM (and displacement) of `[rbx + …]`, for an offset in the writable segment. */
  #memory(register: number, offset: number): void {
    const displacement = offset - BIAS;
    if (displacement >= -128 && displacement <= 127) {
      this.#code.u8(0x43 | (register << 3), displacement & 0xff);
    } else {
      this.#code.u8(0x83 | (register << 3));
      this.#code.u32(displacement);
    }
  }
}
