import { NsError, SyscallError } from '@ns/errors';
import { describe, expect, test } from 'vitest';

import { compile, type Image } from './compile.js';
import { failureOf } from './describe.js';
import { injectFault } from './fault.js';
import { call, clone, cstr, fail, slot, strings, struct, type Program, type Step } from './ir.js';

const mount = call('mount', [cstr('proc'), cstr('/proc'), cstr('proc'), 0, 0], {
  what: 'mount proc on /proc',
  object: '/proc',
  hints: { EPERM: 'give the container a pid namespace of its own', EBUSY: 'unmount it first' },
  tag: 'proc',
});
const start = clone({
  what: 'start a process',
  args: struct([['flags', 8, 0]]),
  into: slot('pid'),
  child: [],
});
const stop = fail('ENOTDIR', { what: 'check the working directory /x', object: '/x' });

const program = (...steps: readonly Step[]): Program => ({
  title: 'start',
  statusFd: 3,
  failureStatus: 1,
  steps,
});

/** What a program writes when a step fails. */
function recordOf(image: Image, step: Step, errno: number): Uint8Array {
  const address = [...image.sites].find(([, one]) => one === step)![0];
  const record = new DataView(new ArrayBuffer(8));
  record.setUint32(0, address, true);
  record.setUint32(4, errno, true);
  return new Uint8Array(record.buffer);
}

describe('a failure record', () => {
  const image = compile(program(mount, start, stop), 'x86_64');

  test('tells the step, and what the kernel said', () => {
    const { step, error } = failureOf(image, recordOf(image, mount, 1));
    expect(step).toBe(mount);
    expect(error).toBeInstanceOf(SyscallError);
    expect(error.message).toBe('mount proc on /proc: EPERM (Operation not permitted)');
    expect(error).toMatchObject({
      errno: 1,
      code: 'EPERM',
      syscall: 'mount',
      args: '"proc", "/proc", "proc", 0, NULL',
      path: '/proc',
      hint: 'give the container a pid namespace of its own',
    });
  });

  test('has the hint of its own errno only', () => {
    expect(failureOf(image, recordOf(image, mount, 16)).error.hint).toBe('unmount it first');
    expect(failureOf(image, recordOf(image, mount, 2)).error.hint).toBeUndefined();
  });

  test('of a clone names clone3', () => {
    const { step, error } = failureOf(image, recordOf(image, start, 11));
    expect(step).toBe(start);
    expect(error).toMatchObject({
      message: 'start a process: EAGAIN (Resource temporarily unavailable)',
      syscall: 'clone3',
      args: '{flags: 0}, 8',
    });
  });

  test('of a step that fails by itself has no call', () => {
    const { step, error } = failureOf(image, recordOf(image, stop, 20));
    expect(step).toBe(stop);
    expect(error).toMatchObject({
      message: 'check the working directory /x: ENOTDIR (Not a directory)',
      syscall: 'fail',
      path: '/x',
    });
    expect(error.args).toBeUndefined();
  });

  test('of an injected fault is that of the call', () => {
    const broken = compile(injectFault(image.program, 0, 'EBUSY'), 'x86_64');
    const { step, error } = failureOf(broken, recordOf(broken, broken.program.steps[0]!, 16));
    expect(step).toBe(mount);
    expect(error).toMatchObject({ syscall: 'mount', code: 'EBUSY', hint: 'unmount it first', path: '/proc' });
  });

  test('may lie inside a larger buffer', () => {
    const buffer = new Uint8Array(20);
    buffer.set(recordOf(image, mount, 1), 5);
    expect(failureOf(image, buffer.subarray(5, 13)).step).toBe(mount);
  });

  test('of long arguments stays short', () => {
    const step = call('execve', [cstr('/x'), strings(Array<string>(1000).fill('argument')), strings([])], {
      what: 'run /x',
    });
    const long = compile(program(step), 'x86_64');
    expect(failureOf(long, recordOf(long, step, 7)).error.args).toMatch(
      /^"\/x", \[("argument", )+… 1000 in all\], \[\]$/,
    );
  });

  test.each([
    ['of no step', Uint8Array.from([1, 0, 0, 0, 1, 0, 0, 0]), 'no step at address 0x1'],
    ['too short', new Uint8Array(7), 'a record has 8 bytes, got 7'],
    ['too long', new Uint8Array(16), 'a record has 8 bytes, got 16'],
    ['empty', new Uint8Array(0), 'a record has 8 bytes, got 0'],
  ])('%s is refused', (_, record, message) => {
    expect(() => failureOf(image, record)).toThrow(NsError);
    expect(() => failureOf(image, record)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_PROGRAM', message: `read the failure of "start": ${message}` }),
    );
  });
});
