import { describe, expect, test } from 'vitest';

import * as ir from './ir.js';

const hex = ({ bytes }: ir.Data): string => Buffer.from(bytes as Uint8Array).toString('hex');

describe('data', () => {
  test('a string is UTF-8 and ends in NUL', () => {
    const data = ir.cstr('/ä"\n');
    expect(hex(data)).toBe('2fc3a4220a00');
    expect(data).toMatchObject({ text: '"/ä\\"\\n"', writable: false, align: 1, pointers: [] });
  });

  test('a string of bytes keeps them, UTF-8 or not', () => {
    expect(hex(ir.cstr(Buffer.from([0x2f, 0xff])))).toBe('2fff00');
  });

  test.each(['a\0', '\0', 'etc\0/passwd', new Uint8Array([65, 0, 66])])('a NUL in %j is refused', (text) => {
    expect(() => ir.cstr(text)).toThrow(expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT' }));
    expect(() => ir.strings(['fine', text])).toThrow(/NUL at byte [013]/);
  });

  test('a struct has its members where they were put, little-endian', () => {
    const path = ir.cstr('/');
    const data = ir.struct([
      ['byte', 1, 0xff],
      ['', 1, 0],
      ['half', 2, 0x1234, 'a half'],
      ['word', 4, -1],
      ['long', 8, 2n ** 63n],
      ['negative', 8, -2],
      ['path', 8, path],
    ]);
    expect(hex(data)).toBe('ff003412ffffffff0000000000000080feffffffffffffff0000000000000000');
    expect(data.pointers).toEqual([{ at: 24, to: path }]);
    expect(data.text).toBe(
      '{byte: 255, half: a half, word: -1, long: 9223372036854775808, negative: -2, path: "/"}',
    );
    expect(data.writable).toBe(false);
    expect(ir.struct([['x', 8, 0]], { writable: true }).writable).toBe(true);
  });

  test('an array of strings ends in NULL', () => {
    const data = ir.strings(['ls', '-l']);
    expect(data.bytes).toHaveLength(24);
    expect(data.pointers.map(({ at, to }) => [at, hex(to)])).toEqual([
      [0, '6c7300'],
      [8, '2d6c00'],
    ]);
    expect(data.text).toBe('["ls", "-l"]');
    expect(ir.strings([])).toMatchObject({ text: '[]', pointers: [], bytes: new Uint8Array(8) });
  });

  test('scratch is writable and named', () => {
    expect(ir.scratch(128, 'wait status')).toMatchObject({
      text: '<wait status, 128 bytes>',
      bytes: 128,
      writable: true,
    });
  });
});

describe('steps', () => {
  const step = (what: string): ir.CallStep => ir.call('getpid', [], { what });

  test('what a call tolerates is a handler without steps, behind the others', () => {
    const made = ir.call('chdir', [ir.cstr('/')], {
      what: 'enter /',
      on: [ir.on(['EACCES'], step('retry'))],
      tolerate: ['ENOENT'],
    });
    expect(made.on).toEqual([
      { errnos: ['EACCES'], steps: [step('retry')] },
      { errnos: ['ENOENT'], steps: [] },
    ]);
    expect(made).not.toHaveProperty('tolerate');
  });

  test('a call that handles nothing has no handlers', () => {
    expect(step('x').on).toBeUndefined();
    expect(ir.call('getpid', [], { what: 'x', on: [] }).on).toBeUndefined();
  });

  test('a group takes steps and lists of steps', () => {
    expect(ir.group('title', step('a'), [step('b'), step('c')]).steps).toEqual([
      step('a'),
      step('b'),
      step('c'),
    ]);
  });

  test('walk comes to every step, depth first', () => {
    const args = ir.struct([]);
    const steps = [
      ir.group('g', step('1')),
      ir.call('getpid', [], { what: '2', on: [ir.on(['EPERM'], step('3')), ir.on('any', step('4'))] }),
      ir.clone({ what: '5', args, into: ir.slot('pid'), child: [ir.loop(step('6'), ir.leave)] }),
      ir.when([1, '<', 2], [step('7')], [step('8')]),
      ir.when([1, '<', 2], [step('9')]),
    ];
    const calls = [...ir.walk(steps)].filter((one) => one.op === 'call' || one.op === 'clone');
    expect(calls.map(({ what }) => what).join('')).toBe('123456789');
  });
});
