import { NsError } from '@ns/errors';
import { describe, expect, test } from 'vitest';

import { compile } from './compile.js';
import { CODE_ADDRESS, far, HIGHEST_CODE, near } from './elf.js';
import * as ir from './ir.js';

const program = (...steps: readonly ir.Step[]): ir.Program => ({
  title: 'test',
  statusFd: 3,
  failureStatus: 1,
  steps,
});
const open = (path: ir.Operand, options: Partial<ir.CallOptions> = {}): ir.CallStep =>
  ir.call('openat', [-100, path, 0, 0], { what: 'open', ...options });

/** How often bytes occur in an executable. */
function count(elf: Uint8Array, text: string): number {
  return Buffer.from(elf).toString('latin1').split(Buffer.from(text).toString('latin1')).length - 1;
}

describe.each(['x86_64', 'aarch64'] as const)('compiled for %s', (architecture) => {
  const compiled = (...steps: readonly ir.Step[]): ReturnType<typeof compile> =>
    compile(program(...steps), architecture);
  const refusal = (...steps: readonly ir.Step[]): string => {
    try {
      compiled(...steps);
    } catch (error) {
      expect(error).toBeInstanceOf(NsError);
      expect(error).toMatchObject({ code: 'ERR_NS_PROGRAM', operation: 'compile' });
      return (error as NsError).message;
    }
    return 'compiled';
  };

  test('steps that cannot be compiled are refused', () => {
    const space = ir.scratch(8, 'space');
    const x = ir.slot('x');
    expect([
      refusal(open(0, { on: [ir.on(['ENOENT']), ir.on(['ENOSUCH'])] })),
      refusal(ir.fail('ENOSUCH', { what: 'give up' })),
      refusal(ir.call('close', [], { what: 'close it' })),
      refusal(ir.call('close', [1, 2], { what: 'close it' })),
      refusal(ir.call('close', [1.5], { what: 'close it' })),
      refusal(ir.call('close', [2 ** 53], { what: 'close it' })),
      refusal(ir.call('close', [Number.NaN], { what: 'close it' })),
      refusal(ir.call('close', [2n ** 64n], { what: 'close it' })),
      refusal(ir.call('close', [-(2n ** 63n) - 1n], { what: 'close it' })),
      refusal(ir.leave),
      refusal(ir.again),
      refusal(ir.load(x, ir.cstr('text'), 0, 1)),
      refusal(ir.store(1, ir.bytes(new Uint8Array(8)), 0, 1)),
      refusal(ir.load(x, space, 1, 8)),
      refusal(ir.load(x, space, -1, 1)),
      refusal(ir.store(1, space, 8, 1)),
      refusal(open(ir.at(space, 9))),
      refusal(open(ir.scratch(257 * 1024 * 1024, 'too much'))),
    ]).toEqual([
      'compile: unknown errno ENOSUCH',
      'compile: unknown errno ENOSUCH',
      'compile: close it: close takes 1 arguments, got 0',
      'compile: close it: close takes 1 arguments, got 2',
      'compile: operand 1.5 is not an integer',
      'compile: operand 9007199254740992 is not an integer',
      'compile: operand NaN is not an integer',
      'compile: operand 18446744073709551616 has more than 64 bits',
      'compile: operand -9223372036854775809 has more than 64 bits',
      'compile: break outside a loop',
      'compile: continue outside a loop',
      'compile: "text" is read-only data',
      'compile: <8 bytes> is read-only data',
      'compile: offset 1 and 8 bytes from there are not inside <space, 8 bytes>',
      'compile: offset -1 and 1 bytes from there are not inside <space, 8 bytes>',
      'compile: offset 8 and 1 bytes from there are not inside <space, 8 bytes>',
      'compile: offset 9 and 0 bytes from there are not inside <space, 8 bytes>',
      'compile: data of more than 256 MiB',
    ]);
  });

  test('code lies where the program says, if it can', () => {
    const at = (codeAddress: number): ReturnType<typeof compile> =>
      compile({ ...program(open(0)), codeAddress }, architecture);
    expect(at(0x80_0000).codeAddress - compiled(open(0)).codeAddress).toBe(0x40_0000);
    expect([...at(0x80_0000).sites.keys()].every((site) => site > 0x80_0000)).toBe(true);
    for (const bad of [0, -0x1_0000, 0x1000, 0x1_8000, 65_536.5, Number.NaN]) {
      expect(() => at(bad)).toThrow('is not a multiple of 64 KiB');
    }
    expect(() => at(HIGHEST_CODE)).toThrow('code reaches into the data');
  });

  test('the child of a clone in a loop cannot leave it', () => {
    const clone = ir.clone({ what: 'start', args: ir.struct([]), into: ir.slot('pid'), child: [ir.leave] });
    expect(refusal(ir.loop(clone))).toBe('compile: break outside a loop');
  });

  test('the address behind the end of data is one of its addresses', () => {
    expect(refusal(open(ir.at(ir.cstr('/'), 2)))).toBe('compiled');
  });

  test('equal read-only bytes are stored once', () => {
    const { elf } = compiled(
      open(ir.cstr('/some/path')),
      open(ir.cstr('/some/path')),
      open(ir.strings(['/some/path'])),
    );
    expect(count(elf, '/some/path')).toBe(1);
  });

  test('long strings, writable data and data with addresses in it are not shared', () => {
    const long = 'x'.repeat(400);
    const writable = (): ir.Data => ({ ...ir.cstr('variable'), writable: true });
    const { elf } = compiled(
      ...[ir.cstr(long), ir.cstr(long), writable(), writable()].map((data) => open(data)),
    );
    expect(count(elf, long)).toBe(2);
    expect(count(elf, 'variable')).toBe(2);
  });

  test('shared data has the alignment of each who wants it', () => {
    // Three bytes before it, so that the string lies at an odd place.
    const aligned = { ...ir.cstr('1234567'), align: 8 };
    const { elf } = compiled(...[ir.cstr('ab'), ir.cstr('1234567'), aligned].map((data) => open(data)));
    const text = Buffer.from(elf).toString('latin1');
    const first = text.indexOf('1234567');
    expect([first % 8, text.indexOf('1234567', first + 1) % 8]).toEqual([3, 0]);
  });

  test('data that only reads the same is not shared', () => {
    const messages = ['first', 'other'].map((text) => ir.bytes(Buffer.from(text), '<message>'));
    const { elf } = compiled(...messages.map((data) => open(data)));
    expect([count(elf, 'first'), count(elf, 'other')]).toEqual([1, 1]);
  });

  test('addresses in data are those of what they mean', () => {
    const { elf } = compiled(open(ir.strings(['first', 'second'])));
    const text = Buffer.from(elf).toString('latin1');
    const start = text.indexOf('first\0second\0') - 24;
    const view = new DataView(elf.buffer, elf.byteOffset + start);
    const addresses = [0, 8, 16].map((at) => Number(view.getBigUint64(at, true)));
    const { readonly } = near(CODE_ADDRESS);
    expect(addresses).toEqual([readonly + 24, readonly + 30, 0]);
  });

  test('a part that is too large for the near places moves to the far ones', () => {
    const firstString = (size: number): number => {
      const { elf } = compiled(open(ir.strings(['first', 'x'.repeat(size)])));
      const start = Buffer.from(elf).indexOf('first\0') - 24;
      return Number(new DataView(elf.buffer, elf.byteOffset + start).getBigUint64(0, true));
    };
    expect(firstString(400_000)).toBe(near(CODE_ADDRESS).readonly + 24);
    expect(firstString(600_000)).toBe(far(CODE_ADDRESS).readonly + 24);
  });

  test('data may point to itself', () => {
    const pointers: { at: number; to: ir.Data }[] = [];
    const self: ir.Data = { ...ir.scratch(8, 'self'), bytes: new Uint8Array(8), pointers };
    pointers.push({ at: 0, to: self });
    const { elf } = compiled(open(self));
    // The record of a failure is the first eight bytes of the segment.
    expect(new DataView(elf.buffer, elf.length - 8).getUint32(0, true)).toBe(near(CODE_ADDRESS).writable + 8);
  });

  test('every step that can fail has one call site, whose address is in the code', () => {
    const args = ir.struct([['flags', 8, 0]]);
    const steps = [
      open(0),
      open(0, { tolerate: ['EPERM'] }),
      open(0, { on: [ir.on('any', open(1))] }),
      ir.fail('EPERM', { what: 'fail' }),
      ir.clone({ what: 'clone', args, into: ir.slot('pid'), child: [open(2)] }),
    ];
    const { sites, code, codeAddress } = compiled(...steps);
    const failing = [...ir.walk(steps)];
    expect(new Set(sites.values())).toEqual(new Set(failing));
    expect(sites.size).toBe(failing.length);
    for (const address of sites.keys()) {
      expect(address).toBeGreaterThan(codeAddress);
      expect(address).toBeLessThanOrEqual(codeAddress + code.length);
    }
  });

  test('compiling is pure: the same program gives the same bytes', () => {
    const what = [open(ir.cstr('/')), ir.loop(open(ir.scratch(8, 'x')), ir.leave)];
    expect(Buffer.compare(compiled(...what).elf, compiled(...what).elf)).toBe(0);
  });

  test('a program larger than the first buffer is whole', () => {
    const many = Array.from({ length: 2000 }, (_, index) => open(ir.cstr(`/file/${index}`)));
    const { sites, code } = compiled(...many);
    expect([...sites.values()]).toEqual(many);
    expect(code.length).toBeGreaterThan(32 * 1024);
  });
});

test('an architecture without a back end has no default', () => {
  const { arch } = process;
  try {
    Object.defineProperty(process, 'arch', { value: 'riscv64' });
    expect(() => compile(program())).toThrow(expect.objectContaining({ code: 'ERR_NS_UNSUPPORTED' }));
  } finally {
    Object.defineProperty(process, 'arch', { value: arch });
  }
});
