import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Requirement } from '@ns/testing';

import type { TestedCall } from './random.js';

/** `struct call` of under-filter.c. */
const CALL_SIZE = 56;

/** A small program that makes calls under a filter, of the x86-64 ABI and the two others. Remove it with `using`. */
export class UnderFilter implements Disposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'ns-seccomp-'));
  readonly #program: string = join(this.#folder, 'under-filter');

  constructor() {
    const source = join(import.meta.dirname, 'under-filter.c');
    const flags = ['-O2', '-Wall', '-mno-red-zone'];
    const made = spawnSync('gcc', [...flags, '-o', this.#program, source], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  }

  /** What the kernel answers to calls: results, or negative errnos. */
  answers(filter: Uint8Array | undefined, calls: readonly TestedCall[]): number[] {
    const input = Buffer.alloc(CALL_SIZE * calls.length);
    calls.forEach(({ abi, data }, index) => {
      const offset = index * CALL_SIZE;
      input.writeUInt32LE(abi.abi === 'i386' ? 1 : 0, offset);
      input.writeUInt32LE(data.number, offset + 4);
      data.args?.forEach((value, at) => input.writeBigUInt64LE(BigInt(value), offset + 8 + 8 * at));
    });
    const output = this.#run(filter, ['calls'], input);
    return Array.from({ length: output.length / 8 }, (_, index) => Number(output.readBigInt64LE(index * 8)));
  }

  /** Nanoseconds that a call takes, of many. */
  cost(filter: Uint8Array | undefined, number: number, argument: number, count: number): number {
    return Number(this.#run(filter, ['loop', String(number), String(argument), String(count)]));
  }

  #run(filter: Uint8Array | undefined, args: readonly string[], input = Buffer.alloc(0)): Buffer {
    const file = join(this.#folder, 'filter');
    if (filter !== undefined) writeFileSync(file, filter);
    const ended = spawnSync(this.#program, [filter === undefined ? '-' : file, ...args], { input });
    if (ended.status !== 0) throw new Error(`${ended.signal ?? ended.status}: ${String(ended.stderr)}`);
    return ended.stdout;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Some hypervisors and kernels end a process that makes 32-bit calls from 64-bit code. */
export const calls32Bit: Requirement = {
  name: 'a kernel with 32-bit calls',
  missing: () => {
    const source =
      'int main(void) { int a; __asm__ volatile("int $0x80" : "=a"(a) : "a"(20) : "memory"); return a <= 0; }';
    const folder = mkdtempSync(join(tmpdir(), 'ns-seccomp-'));
    try {
      const program = join(folder, 'probe');
      const made = spawnSync('gcc', ['-O0', '-x', 'c', '-o', program, '-'], { input: source });
      if (made.status !== 0) return 'gcc cannot make a program';
      return spawnSync(program).status === 0 ? undefined : 'int $0x80 ends the process on this machine';
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
