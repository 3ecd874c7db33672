import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import * as ir from '../src/program/ir.js';
import { AT, MAP, O, PROT } from '../src/uapi/index.js';
import { FAILURE_STATUS, MACHINES, open, print, program, run, slots, values } from './run-program.js';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const EDGES = [0n, 1n, -1n, 127n, 128n, -128n, -129n, 4095n, 4096n, -4095n, -4096n, 65_535n, 65_536n];
const WIDE = [0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, -0x8000_0000n, -0x8000_0001n, 2n ** 32n, MIN, MAX];
const INTEGERS = [...EDGES, ...WIDE];

const OPERATIONS: Readonly<Record<ir.Arithmetic, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '&': (left, right) => left & right,
  '|': (left, right) => left | right,
  '<<': (left, right) => left << (right & 63n),
  '>>': (left, right) => BigInt.asUintN(64, left) >> (right & 63n),
};
const RELATIONS: Readonly<Record<ir.Relation, (left: bigint, right: bigint) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
const operations = Object.entries(OPERATIONS) as [ir.Arithmetic, (typeof OPERATIONS)['+']][];
const relations = Object.entries(RELATIONS) as [ir.Relation, (typeof RELATIONS)['==']][];
const pairs = INTEGERS.flatMap((left) => INTEGERS.map((right) => [left, right] as const));

describe.each(MACHINES)('programs on $architecture', ({ architecture, needed }) => {
  const go = (...steps: readonly (ir.Step | readonly ir.Step[])[]): ReturnType<typeof run> =>
    run(program(...steps), architecture);
  const told = needs(...needed);

  test('one that does nothing exits with 0', told, () => {
    expect(go()).toMatchObject({ status: 0, signal: null, failure: undefined });
  });

  test.each(operations)('%s of constants and variables', told, (operator, expected) => {
    const { left, right, result } = slots('left', 'right', 'result');
    const outcome = go(
      pairs
        .map(([a, b]) => [
          ir.set(left, a),
          ir.set(right, b),
          ir.compute(result, left, operator, right),
          print(result),
          ir.compute(result, left, operator, b),
          print(result),
        ])
        .flat(2),
    );
    expect(values(outcome)).toEqual(
      pairs.flatMap(([a, b]) => Array.from({ length: 2 }, () => BigInt.asIntN(64, expected(a, b)))),
    );
  });

  test.each(relations)('if %s of constants and variables', told, (relation, expected) => {
    const { left, right, held } = slots('left', 'right', 'held');
    const outcome = go(
      pairs
        .map(([a, b]) => [
          ir.set(left, a),
          ir.set(right, b),
          ir.when([left, relation, right], [ir.set(held, 1)], [ir.set(held, 0)]),
          print(held),
          ir.set(held, 0),
          // A number where one is exact: back ends compare with those at once.
          ir.when([left, relation, Number.isSafeInteger(Number(b)) ? Number(b) : b], [ir.set(held, 1)]),
          print(held),
        ])
        .flat(2),
    );
    expect(values(outcome)).toEqual(
      pairs.flatMap(([a, b]) => Array.from({ length: 2 }, () => BigInt(expected(a, b)))),
    );
  });

  test('a loop counts, breaks and continues, and only the innermost', told, () => {
    const { outer, inner, sum } = slots('outer', 'inner', 'sum');
    const outcome = go(
      ir.loop(
        ir.compute(outer, outer, '+', 1),
        ir.when([outer, '==', 3], [ir.again]),
        ir.set(inner, 0),
        ir.loop(
          ir.compute(inner, inner, '+', 1),
          ir.when([inner, '>', 10], [ir.leave]),
          ir.compute(sum, sum, '+', outer),
        ),
        ir.when([outer, '==', 5], [ir.leave]),
      ),
      print(sum, outer, inner),
    );
    // Ten times 1, 2, 4 and 5.
    expect(values(outcome)).toEqual([120n, 5n, 11n]);
  });

  test('ifs nest', told, () => {
    const { x, found } = slots('x', 'found');
    const choose = (low: number, high: number): ir.Step => {
      if (low === high) return ir.compute(found, found, '+', 2 ** low);
      const middle = Math.floor((low + high) / 2);
      return ir.when([x, '<=', middle], [choose(low, middle)], [choose(middle + 1, high)]);
    };
    const outcome = go(
      ir.loop(choose(0, 31), ir.compute(x, x, '+', 1), ir.when([x, '==', 32], [ir.leave])),
      print(found),
    );
    expect(values(outcome)).toEqual([0xffff_ffffn]);
  });

  test('integers of every width are stored and loaded, at any offset', told, () => {
    const space = ir.scratch(64 * 1024, 'space');
    const content = ir.struct(
      Array.from({ length: 16 }, (_, index): ir.Field => [`byte ${index}`, 1, index * 16 + 8]),
      { writable: true },
    );
    const x = ir.slot('x');
    const cases = ([1, 2, 4, 8] as const).flatMap((width) =>
      [0, 1, 7].flatMap((offset) => [false, true].map((signed) => ({ width, offset, signed }))),
    );
    const outcome = go(
      cases
        .map(({ width, offset, signed }) => [ir.load(x, content, offset, width, signed), print(x)])
        .flat(2),
      cases
        .map(({ width, offset, signed }) => [
          ir.store(-1, space, 40_000, 8),
          ir.store(-1, space, 40_008, 8),
          ir.store(0x8081_8283_8485_8687n, space, 40_000 + offset, width),
          ir.load(x, space, 40_000, 8),
          print(x),
          ir.load(x, space, 40_000 + offset, width, signed),
          print(x),
        ])
        .flat(2),
    );
    const bytes = Buffer.from(content.bytes as Uint8Array);
    const read = (from: Buffer, { width, offset, signed }: (typeof cases)[number]): bigint => {
      const word = Buffer.alloc(8);
      from.copy(word, 0, offset, offset + width);
      const value = word.readBigUInt64LE();
      return BigInt.asIntN(64, signed ? BigInt.asIntN(width * 8, value) : value);
    };
    const after = (one: (typeof cases)[number]): bigint[] => {
      const memory = Buffer.alloc(16, 0xff);
      const word = Buffer.alloc(8);
      word.writeBigUInt64LE(0x8081_8283_8485_8687n);
      word.copy(memory, one.offset, 0, one.width);
      return [memory.readBigInt64LE(0), read(memory, one)];
    };
    expect(values(outcome)).toEqual([...cases.map((one) => read(bytes, one)), ...cases.flatMap(after)]);
  });

  test('the first handler that names the errno runs, and the result is the negative errno', told, () => {
    const { fd, which } = slots('fd', 'which');
    const outcome = go(
      open('/no/such/file', {
        into: fd,
        on: [
          ir.on(['EPERM', 'EACCES'], ir.set(which, 1)),
          ir.on(['ENOTDIR', 'ENOENT'], ir.set(which, 2)),
          ir.on('any', ir.set(which, 3)),
        ],
      }),
      print(fd, which),
      open('/dev/null/x', {
        into: fd,
        on: [ir.on(['ENOENT'], ir.set(which, 4)), ir.on('any', ir.set(which, 5))],
      }),
      print(fd, which),
      open('/dev/null', { into: fd, on: [ir.on('any', ir.set(which, 6))] }),
      print(which),
    );
    expect(values(outcome)).toEqual([-2n, 2n, -20n, 5n, 5n]);
    expect(outcome.failure).toBeUndefined();
  });

  test('a handler can leave a loop, call, and fail', told, () => {
    const { fd } = slots('fd');
    const outcome = go(
      ir.loop(open('/no/such/file', { on: [ir.on(['ENOENT'], open('/dev/null', { into: fd }), ir.leave)] })),
      open('/no/such/file', {
        into: fd,
        on: [ir.on(['ENOENT'], ir.fail(fd, { what: 'find the file', object: '/no/such/file' }))],
      }),
    );
    expect(outcome.failure?.error).toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('find the file'),
    });
  });

  test('a tolerated failure changes nothing', told, () => {
    expect(
      go(open('/no/such/file', { tolerate: ['ENOENT'] }), open('/no', { tolerate: 'any' }), ir.exit(7)),
    ).toMatchObject({
      status: 7,
      failure: undefined,
    });
  });

  test('a failing step is reported with its errno, and ends the program', told, () => {
    const last = open('/no/such/file', {
      object: '/no/such/file',
      hints: { ENOENT: 'make it' },
      tag: 'last',
    });
    const outcome = go(open('/dev/null'), open('/', { tolerate: ['ENOENT'] }), last, ir.exit(0));
    expect(outcome).toMatchObject({ status: FAILURE_STATUS, failure: { step: last } });
    expect(outcome.failure?.step).toBe(last);
    expect(outcome.failure?.error).toMatchObject({
      message: 'open /no/such/file: ENOENT (No such file or directory)',
      errno: 2,
      syscall: 'openat',
      path: '/no/such/file',
      args: 'AT_FDCWD, "/no/such/file", O_RDONLY, 0',
      hint: 'make it',
    });
  });

  test('a failure that no handler names is reported as well', told, () => {
    const step = open('/dev/null/x', { on: [ir.on(['ENOENT'], ir.exit(1))], tolerate: ['EPERM'] });
    const outcome = go(step);
    expect(outcome.failure?.step).toBe(step);
    expect(outcome).toMatchObject({ status: FAILURE_STATUS, failure: { error: { code: 'ENOTDIR' } } });
  });

  test('fail ends the program with an errno of its own', told, () => {
    const step = ir.fail('EHWPOISON', { what: 'look at the memory' });
    const outcome = go(step);
    expect(outcome.failure?.step).toBe(step);
    expect(outcome.failure?.error).toMatchObject({ errno: 133, code: 'EHWPOISON', syscall: 'fail' });
  });

  test('a program whose status descriptor is closed exits all the same', told, () => {
    const outcome = go(ir.call('close', [3], { what: 'close the status descriptor' }), open('/no/such/file'));
    expect(outcome).toMatchObject({ status: FAILURE_STATUS, record: Buffer.alloc(0) });
  });

  test('an argument in each of the six registers', told, () => {
    const { address, word } = slots('address', 'word');
    const file = ir.slot('file');
    const copy = ir.scratch(8, 'copy');
    const outcome = go(
      ir.call('openat', [AT.AT_FDCWD, ir.cstr('/proc/self/exe'), O.O_RDONLY, 0], {
        what: 'open myself',
        into: file,
      }),
      ir.call('mmap', [0, 64, PROT.PROT_READ, MAP.MAP_PRIVATE, file, 0], {
        what: 'map the header',
        into: address,
      }),
      // The kernel copies from the mapping what a store could not read.
      ir.call('memfd_create', [ir.cstr('copy'), 0], { what: 'make a file', into: word }),
      ir.call('write', [word, address, 8], { what: 'write the header to it' }),
      ir.call('lseek', [word, 0, 0], { what: 'go back' }),
      ir.call('read', [word, copy, 8], { what: 'read the header' }),
      ir.load(word, copy, 0, 4),
      print(word),
    );
    expect(values(outcome)).toEqual([0x464c457fn]);
  });

  test('data of many pages, and addresses inside it', told, () => {
    const big = Buffer.alloc(300_000, 'abcdefghij');
    const outcome = go(
      ir.call('write', [1, ir.bytes(big), 300_000], { what: 'print all of it' }),
      ir.call('write', [1, ir.at(ir.bytes(big), 299_995), 5], { what: 'print its end' }),
    );
    expect(outcome.stdout.equals(Buffer.concat([big, Buffer.from('fghij')]))).toBe(true);
  });

  test('writable data keeps its content, and scratch is zero', told, () => {
    const big = ir.struct(
      [
        ['first', 8, 1],
        ['second', 8, 2],
      ],
      { writable: true },
    );
    const space = ir.scratch(100_000, 'space');
    const { a, b } = slots('a', 'b');
    const outcome = go(
      ir.load(a, space, 99_992, 8),
      ir.load(b, big, 8, 8),
      ir.store(b, space, 99_992, 8),
      print(a, b),
      ir.load(a, space, 99_992, 8),
      print(a),
    );
    expect(values(outcome)).toEqual([0n, 2n, 2n]);
  });

  test('strings reach the next program as they are', told, () => {
    const args = [
      'sh',
      '-c',
      'printf "%s\\n" "$@" "$GREETING"',
      'sh',
      'größe 🦀 漢字',
      '',
      'a "b" \\c',
      '\u001b[1m',
    ];
    const latin1 = Buffer.from([0xe4, 0xff]);
    const outcome = go(
      ir.call(
        'execve',
        [ir.cstr('/bin/sh'), ir.strings([...args, latin1]), ir.strings(['GREETING=grüß dich'])],
        {
          what: 'run the shell',
        },
      ),
    );
    const lines = [...args.slice(4).map((text) => Buffer.from(text)), latin1, Buffer.from('grüß dich')];
    expect(outcome.stdout).toEqual(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
  });

  test('giving back the code of children that there are not changes nothing', told, () => {
    expect(go(ir.forgetChildren, ir.exit(7)).status).toBe(7);
  });
});
