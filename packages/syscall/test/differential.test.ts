import { needs } from '@ns/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import * as ir from '../src/program/ir.js';
import { Interpreter } from './interpreter.js';
import { MACHINES, print, program, run, values } from './run-program.js';

const SLOTS = ['a', 'b', 'c', 'd'].map(ir.slot);
const SIZE = 32;
const SCRATCH = ir.scratch(SIZE, 'scratch');
const FILLED = ir.struct(
  Array.from({ length: SIZE }, (_, index): ir.Field => [`${index}`, 1, (index * 37 + 129) % 256]),
  { writable: true },
);

const slot = fc.constantFrom(...SLOTS);
const data = fc.constantFrom(SCRATCH, FILLED);
const constant = fc.oneof(
  fc.integer({ min: -5000, max: 5000 }),
  fc.constantFrom(0, 1, -1, 63, 64, 128, 4095, 4096, -4096),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
);
const operand = fc.oneof<[typeof slot, typeof constant]>(slot, constant);
const operator = fc.constantFrom<ir.Arithmetic[]>('+', '-', '&', '|', '<<', '>>');
const relation = fc.constantFrom<ir.Relation[]>('==', '!=', '<', '<=', '>', '>=');
const place = fc
  .constantFrom<ir.Width[]>(1, 2, 4, 8)
  .chain((width) => fc.tuple(data, fc.nat(SIZE - width), fc.constant(width)));

const simple = fc.oneof(
  fc.tuple(slot, operand).map(([into, left]) => ir.set(into, left)),
  fc.tuple(slot, operand, operator, operand).map((parts) => ir.compute(...parts)),
  fc.tuple(slot, place, fc.boolean()).map(([into, where, signed]) => ir.load(into, ...where, signed)),
  fc.tuple(operand, place).map(([value, where]) => ir.store(value, ...where)),
);
const condition = fc.tuple(operand, relation, operand);

/** Steps, nested as deep as `depth`; those of a loop may leave it or start it again. */
function block(depth: number, inLoop: boolean): fc.Arbitrary<ir.Step[]> {
  const jump = fc.constantFrom<ir.Step[]>(ir.leave, ir.again).map((step) => [step]);
  const choices: fc.Arbitrary<ir.Step>[] = [simple];
  if (inLoop) {
    choices.push(fc.tuple(condition, jump).map(([when, then]) => ir.when(when, then)));
  }
  if (depth > 0) {
    const inner = block(depth - 1, inLoop);
    choices.push(
      fc.tuple(condition, inner, inner).map((parts) => ir.when(...parts)),
      inner.map((steps) => ir.group('group', steps)),
      // A counter of its own ends every loop, whatever happens to the variables.
      fc.tuple(fc.nat(4), block(depth - 1, true)).map(([times, steps]) => {
        const count = ir.slot('count');
        const counted = [ir.compute(count, count, '+', 1), ir.when([count, '>', times], [ir.leave])];
        return ir.group('loop', ir.set(count, 0), ir.loop(...counted, ...steps));
      }),
    );
  }
  return fc.array(fc.oneof(...choices), { maxLength: 6 });
}

const programs = fc.array(block(3, false), { minLength: 1, maxLength: 8 }).map((blocks) => blocks.flat());
const RUNS = { x86_64: 150, aarch64: 25 } as const;

describe.each(MACHINES)('any program without system calls on $architecture', ({ architecture, needed }) => {
  test('does what the interpreter does', { ...needs(...needed), timeout: 60_000 }, () => {
    const check = fc.property(programs, (steps) => {
      const memory = [SCRATCH, FILLED].map((one) =>
        ir.call('write', [1, one, SIZE], { what: 'print memory' }),
      );
      const outcome = run(program(steps, print(...SLOTS), memory), architecture);

      const interpreter = new Interpreter();
      interpreter.run(steps);
      expect(values(outcome).slice(0, SLOTS.length)).toEqual(SLOTS.map((one) => interpreter.slot(one)));
      const bytes = [SCRATCH, FILLED].map((one) => Buffer.from(interpreter.memory(one).buffer));
      expect(outcome.stdout.subarray(SLOTS.length * 8).toString('hex')).toBe(
        Buffer.concat(bytes).toString('hex'),
      );
    });
    // Looking for the smallest program that fails may take long, and the first one is as good.
    fc.assert(check, { numRuns: RUNS[architecture], interruptAfterTimeLimit: 30_000 });
  });
});
