import { BPF } from '@ns/syscall';

import { INSTRUCTION_SIZE } from './assembler.js';
import { invalid } from './errors.js';

/** A call as a filter sees it, `struct seccomp_data`. */
export interface SyscallData {
  readonly number: number;
  /** One of `AUDIT_ARCH`. */
  readonly architecture: number;
  /** Up to six, unsigned 64 bits; the missing ones are 0. */
  readonly args?: readonly (number | bigint)[];
}

/** What a filter says to a call. */
export interface Verdict {
  /** `SECCOMP_RET_*` with its data. {@link describeReturn} puts it in words. */
  readonly value: number;
  /** How many instructions it took. */
  readonly instructions: number;
}

/** Size of `struct seccomp_data`. */
const DATA_SIZE = 64;

/**
 * What a filter answers to a call: an interpreter of the classic BPF that the kernel takes for seccomp, for tests of
 * profiles.
 *
 * @param program - Instructions as in {@link Filter.program}; those of another library will do.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a program that the kernel would not take.
 */
export function evaluateFilter(program: Uint8Array, call: SyscallData): Verdict {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = seccompData(call);
  const memory = new Uint32Array(BPF.BPF_MEMWORDS);
  let [a, x, instructions] = [0, 0, 0];
  for (let at = 0; at + INSTRUCTION_SIZE <= program.length; at += INSTRUCTION_SIZE) {
    instructions++;
    const opcode = code.getUint16(at, true);
    const k = code.getUint32(at + 4, true);
    switch (opcode & 0x07) {
      case BPF.BPF_RET:
        return { value: opcode & BPF.BPF_A ? a : k, instructions };
      case BPF.BPF_LD:
        if (opcode === BPF.BPF_LD + BPF.BPF_W + BPF.BPF_ABS) a = loadWord(data, k);
        else if (opcode === BPF.BPF_LD + BPF.BPF_IMM) a = k;
        else if (opcode === BPF.BPF_LD + BPF.BPF_MEM) a = memory[k] ?? 0;
        else throw refused(opcode);
        break;
      case BPF.BPF_LDX:
        if (opcode === BPF.BPF_LDX + BPF.BPF_IMM) x = k;
        else if (opcode === BPF.BPF_LDX + BPF.BPF_MEM) x = memory[k] ?? 0;
        else throw refused(opcode);
        break;
      case BPF.BPF_ST:
        memory[k] = a;
        break;
      case BPF.BPF_STX:
        memory[k] = x;
        break;
      case BPF.BPF_ALU:
        a = arithmetic(opcode & 0xf0, a, opcode & BPF.BPF_X ? x : k);
        break;
      case BPF.BPF_MISC:
        if (opcode & BPF.BPF_TXA) a = x;
        else x = a;
        break;
      default: {
        const skip =
          opcode === BPF.BPF_JMP + BPF.BPF_JA
            ? k
            : code.getUint8(at + (jumps(opcode, a, opcode & BPF.BPF_X ? x : k) ? 2 : 3));
        at += skip * INSTRUCTION_SIZE;
      }
    }
  }
  throw invalid('the filter ends without an answer');
}

const refused = (opcode: number): Error => invalid(`the filter has the instruction 0x${opcode.toString(16)}`);

function loadWord(data: DataView, offset: number): number {
  if (offset % 4 !== 0 || offset >= DATA_SIZE)
    throw invalid(`the filter reads at offset ${offset} of the call`);
  return data.getUint32(offset, true);
}

function seccompData({ number, architecture, args = [] }: SyscallData): DataView {
  const data = new DataView(new ArrayBuffer(DATA_SIZE));
  data.setUint32(0, number, true);
  data.setUint32(4, architecture, true);
  args.forEach((value, index) => data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true));
  return data;
}

function jumps(opcode: number, a: number, operand: number): boolean {
  switch (opcode & 0xf0) {
    case BPF.BPF_JEQ:
      return a === operand;
    case BPF.BPF_JGT:
      return a > operand;
    case BPF.BPF_JGE:
      return a >= operand;
    case BPF.BPF_JSET:
      return (a & operand) !== 0;
    default:
      throw refused(opcode);
  }
}

function arithmetic(operation: number, a: number, operand: number): number {
  switch (operation) {
    case BPF.BPF_ADD:
      return (a + operand) >>> 0;
    case BPF.BPF_SUB:
      return (a - operand) >>> 0;
    case BPF.BPF_OR:
      return (a | operand) >>> 0;
    case BPF.BPF_AND:
      return (a & operand) >>> 0;
    case BPF.BPF_XOR:
      return (a ^ operand) >>> 0;
    case BPF.BPF_LSH:
      return (a << operand) >>> 0;
    case BPF.BPF_RSH:
      return a >>> operand;
    case BPF.BPF_NEG:
      return -a >>> 0;
    default:
      throw refused(BPF.BPF_ALU + operation);
  }
}
