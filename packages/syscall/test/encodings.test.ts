import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Aarch64Emitter } from '../src/program/aarch64.js';
import type { Architecture } from '../src/program/elf.js';
import type { Emitter } from '../src/program/emitter.js';
import { X8664Emitter } from '../src/program/x86-64.js';
import { disassemble, DISASSEMBLERS } from './disassemble.js';
import { CASES } from './encodings.js';

const EMITTERS: Readonly<Record<Architecture, () => Emitter>> = {
  x86_64: () => new X8664Emitter(),
  aarch64: () => new Aarch64Emitter(),
};

/** What binutils reads out of what an emitter was told, piece by piece. */
function readBack(architecture: Architecture, pieces: readonly ((out: Emitter) => void)[]): string[][] {
  const out = EMITTERS[architecture]();
  const starts = pieces.map((emit) => {
    const start = out.offset;
    emit(out);
    return start;
  });
  const instructions = disassemble(architecture, out.code());
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? out.offset;
    return instructions.filter(({ offset }) => offset >= start && offset < end).map(({ text }) => text);
  });
}

/** The value that instructions leave in a register, as an unsigned integer. */
const DECODERS: Readonly<Record<Architecture, (instructions: readonly string[]) => bigint>> = {
  x86_64(instructions) {
    const text = instructions.join('; ');
    if (/^xor (\w+),\1$/.test(text)) return 0n;
    const value = /^(?:mov|movabs) \w+,(0x[0-9a-f]+)$|^push (0x[0-9a-f]+); pop \w+$/.exec(text);
    return BigInt(value![1] ?? value![2]!);
  },
  aarch64(instructions) {
    let register = 0n;
    for (const text of instructions) {
      const [, move, size, immediate, shift] = /^(mov[znk]) ([xw])\d+, #(0x[0-9a-f]+)(?:, lsl #(\d+))?$/.exec(
        text,
      )!;
      const at = BigInt(shift ?? 0);
      const value = BigInt(immediate!) << at;
      if (move === 'movk') register = (register & ~(0xffffn << at)) | value;
      else register = move === 'movn' ? ~value : value;
      register = BigInt.asUintN(size === 'w' ? 32 : 64, register);
    }
    return register;
  },
};

/** The offset in the writable segment that the last of some instructions reads. */
const OFFSETS: Readonly<Record<Architecture, (instructions: readonly string[]) => number>> = {
  x86_64(instructions) {
    const [, sign, displacement] = /\[rbx([+-])(0x[0-9a-f]+)\]$/.exec(instructions.at(-1)!) ?? [];
    return 128 + Number(displacement ?? 0) * (sign === '-' ? -1 : 1);
  },
  aarch64(instructions) {
    const text = instructions.at(-1)!;
    if (text.endsWith('[x19, x11]')) return Number(DECODERS.aarch64(instructions.slice(0, -1)));
    return Number(/\[x19(?:, #(\d+))?\]$/.exec(text)![1] ?? 0);
  },
};

/** Integers of every size, and those with quarters of zeros and ones that the aarch64 moves are about. */
const integers = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.integer().map(BigInt),
  fc.maxSafeInteger().map(BigInt),
  fc.bigInt({ min: -70_000n, max: 70_000n }),
  fc
    .array(fc.constantFrom<bigint[]>(0n, 0xffffn, 1n, 0x8000n, 0x1234n), { minLength: 4, maxLength: 4 })
    .map((quarters) => quarters.reduce((sum, quarter) => (sum << 16n) | quarter, 0n)),
);

/** Moves that an aarch64 constant needs at least. */
function fewestMoves(value: bigint): number {
  const quarters = [0n, 16n, 32n, 48n].map((shift) => (BigInt.asUintN(64, value) >> shift) & 0xffffn);
  const zeros = quarters.filter((quarter) => quarter === 0n).length;
  const ones = quarters.filter((quarter) => quarter === 0xffffn).length;
  const narrow = zeros >= 2 && quarters[2] === 0n && quarters[3] === 0n;
  if (narrow && (quarters[0] === 0xffffn || quarters[1] === 0xffffn)) return 1;
  return Math.max(1, 4 - Math.max(zeros, ones));
}

const RUNS = { numRuns: 5 };
const MANY = { minLength: 200, maxLength: 400 };

describe.each(['x86_64', 'aarch64'] as const)('code for %s', (architecture) => {
  const told = needs(DISASSEMBLERS[architecture]);

  test('is what the disassembler says it should be', told, () => {
    const expected = readFileSync(join(import.meta.dirname, `expected/${architecture}.txt`), 'utf8');
    const found = readBack(
      architecture,
      CASES.map(({ emit }) => emit),
    );
    const lines = CASES.map(({ name }, index) => `${name}: ${found[index]!.join('; ')}`);
    expect(lines).toEqual(expected.trimEnd().split('\n'));
  });

  test('makes any constant, given as a number or not', told, () => {
    const check = fc.property(fc.array(integers, MANY), (constants) => {
      const found = readBack(
        architecture,
        constants.flatMap((constant) => {
          const number = Number(constant);
          const same = Number.isSafeInteger(number) ? number : constant;
          return [constant, same].map((one) => (out: Emitter) => out.argument(0, { constant: one }));
        }),
      );
      const expected = constants.flatMap((constant) => [
        BigInt.asUintN(64, constant),
        BigInt.asUintN(64, constant),
      ]);
      expect(found.map((one) => DECODERS[architecture](one))).toEqual(expected);
    });
    fc.assert(check, RUNS);
  });

  test('reaches any offset, with any width', told, () => {
    const place = fc.record({
      at: fc.oneof(fc.nat(300), fc.nat(40_000), fc.nat(256 * 1024 * 1024)),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
    });
    const check = fc.property(fc.array(place, MANY), (places) => {
      const found = readBack(
        architecture,
        places.flatMap(({ at, width }) => [
          (out: Emitter) => out.store({ constant: 0 }, at, width),
          (out: Emitter) => out.result(at),
          (out: Emitter) => out.argument(5, { slot: at }),
        ]),
      );
      // The constant that is stored comes first.
      const moves = found.map((one, index) => (index % 3 === 0 ? one.slice(1) : one));
      expect(moves.map((one) => OFFSETS[architecture](withoutValue(one)))).toEqual(
        places.flatMap(({ at }) => [at, at, at]),
      );
    });
    fc.assert(check, RUNS);
  });
});

/** An instruction's memory operand alone: Intel's syntax has the register that is stored behind it. */
const withoutValue = (instructions: readonly string[]): readonly string[] =>
  instructions.map((text) => text.replace(/(\]),\w+$/, '$1'));

describe('code for aarch64 alone', () => {
  test('makes a constant in as few moves as there can be', needs(DISASSEMBLERS.aarch64), () => {
    const check = fc.property(fc.array(integers, MANY), (constants) => {
      const found = readBack(
        'aarch64',
        constants.map((constant) => (out) => out.argument(0, { constant })),
      );
      expect(found.map((moves) => moves.length)).toEqual(constants.map(fewestMoves));
    });
    fc.assert(check, RUNS);
  });
});
