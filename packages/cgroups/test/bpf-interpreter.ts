import { BPF, EBPF } from '@ns/syscall';

/**
 * Runs a program of eBPF on a context, as far as device filters go: 32-bit arithmetic and jumps, loads of words from
 * the context. Everything else is an error, and so is what the kernel's verifier would not let pass.
 */
export function runProgram(program: Uint8Array, context: Uint8Array): number {
  const code = new DataView(program.buffer, program.byteOffset, program.length);
  const memory = new DataView(context.buffer, context.byteOffset, context.length);
  const registers: (number | 'context' | undefined)[] = Array.from({ length: 10 });
  registers[1] = 'context';
  const number = (register: number): number => {
    const value = registers[register];
    if (typeof value === 'number') return value;
    throw new Error(`r${register} holds ${value}, not a number`);
  };
  for (let at = 0, steps = 0; steps < 10_000; at++, steps++) {
    if (at < 0 || at * 8 >= program.length) throw new Error(`jump out of the program: ${at}`);
    const operation = code.getUint8(at * 8);
    const to = code.getUint8(at * 8 + 1) & 0xf;
    const from = code.getUint8(at * 8 + 1) >> 4;
    const offset = code.getInt16(at * 8 + 2, true);
    const value = code.getUint32(at * 8 + 4, true);
    switch (operation) {
      case BPF.BPF_LDX | BPF.BPF_MEM | BPF.BPF_W:
        if (registers[from] !== 'context') throw new Error(`r${from} is no pointer`);
        registers[to] = memory.getUint32(offset, true);
        break;
      case BPF.BPF_ALU | EBPF.BPF_MOV | BPF.BPF_X:
        registers[to] = number(from);
        break;
      case BPF.BPF_ALU | EBPF.BPF_MOV | BPF.BPF_K:
        registers[to] = value;
        break;
      case BPF.BPF_ALU | BPF.BPF_AND | BPF.BPF_K:
        registers[to] = (number(to) & value) >>> 0;
        break;
      case BPF.BPF_ALU | BPF.BPF_RSH | BPF.BPF_K:
        registers[to] = number(to) >>> value;
        break;
      case EBPF.BPF_JMP32 | EBPF.BPF_JNE | BPF.BPF_K:
        if (number(to) !== value) at += offset;
        break;
      case EBPF.BPF_JMP32 | BPF.BPF_JEQ | BPF.BPF_K:
        if (number(to) === value) at += offset;
        break;
      case BPF.BPF_JMP | EBPF.BPF_EXIT:
        return number(0);
      default:
        throw new Error(`instruction ${operation.toString(16)} at ${at}`);
    }
  }
  throw new Error('no end');
}
