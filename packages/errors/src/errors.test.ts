import { describe, expect, it } from 'vitest';

import { causes, CODES, hintOf, isErrno, nearest, NsError, SyscallError } from './index.js';

const refusal = new SyscallError({
  syscall: 'mount',
  errno: 1,
  code: 'EPERM',
  description: 'Operation not permitted',
  what: 'mount proc on /proc',
  path: '/proc',
});

describe('SyscallError', () => {
  it('says what was done and what the kernel answered', () => {
    expect(refusal.message).toBe('mount proc on /proc: EPERM (Operation not permitted)');
    expect(refusal).toMatchObject({
      name: 'SyscallError',
      errno: 1,
      code: 'EPERM',
      syscall: 'mount',
      path: '/proc',
    });
  });

  it('has no cause of its own', () => {
    expect('cause' in refusal).toBe(false);
  });
});

describe('NsError', () => {
  const error = new NsError('ERR_NS_CONFLICT', {
    operation: 'create web',
    message: 'the name is taken',
    hint: 'ns rm web',
  });

  it('reads operation, then fact', () => {
    expect(error.message).toBe('create web: the name is taken');
    expect(error).toMatchObject({
      name: 'NsError',
      code: 'ERR_NS_CONFLICT',
      operation: 'create web',
      hint: 'ns rm web',
    });
  });

  it('has a cause only when one was given, undefined being none', () => {
    expect('cause' in error).toBe(false);
    expect(new NsError('ERR_NS_API', { operation: 'a', message: 'b', cause: refusal }).cause).toBe(refusal);
  });

  it('is known to another copy of the package', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('@ns/errors/NsError'), { value: true });
    expect(NsError.is(foreign)).toBe(true);
    expect(SyscallError.is(foreign)).toBe(false);
    expect([undefined, null, 'ERR_NS_API', new Error('x')].some((other) => NsError.is(other))).toBe(false);
    expect(SyscallError.is(refusal)).toBe(true);
  });
});

describe('a chain of causes', () => {
  const outer = new Error('outer', {
    cause: new NsError('ERR_NS_STEP_FAILED', {
      operation: 'start',
      message: 'no',
      hint: 'be root',
      cause: refusal,
    }),
  });

  it('is walked outermost first, and a cycle ends the walk', () => {
    expect([...causes(outer)].map((link) => (link as Error).name)).toEqual([
      'Error',
      'NsError',
      'SyscallError',
    ]);
    const a: { cause?: unknown } = {};
    a.cause = { cause: a };
    expect([...causes(a)].length).toBe(2);
    expect([...causes(undefined)]).toEqual([]);
    expect([...causes('text')]).toEqual(['text']);
  });

  it('answers for the kernel at any depth', () => {
    expect(isErrno(outer, 'EPERM')).toBe(true);
    expect(isErrno(outer, 'ENOENT', 'EACCES')).toBe(false);
    expect(isErrno(Object.assign(new Error('node'), { code: 'ENOENT' }), 'ENOENT')).toBe(true);
    expect(isErrno('ENOENT', 'ENOENT')).toBe(false);
  });

  it('gives the outermost hint', () => {
    expect(hintOf(outer)).toBe('be root');
    expect(
      hintOf(new NsError('ERR_NS_API', { operation: 'a', message: 'b', hint: 'first', cause: outer })),
    ).toBe('first');
    expect(hintOf(refusal)).toBeUndefined();
  });
});

describe('the table of codes', () => {
  it('has words in lower case without a full stop', () => {
    for (const [code, meaning] of Object.entries(CODES)) {
      expect(code).toMatch(/^ERR_NS_[A-Z]+(_[A-Z]+)*$/);
      expect(meaning, code).toMatch(/^[a-z].*[^.]$/);
    }
  });
});

describe('nearest', () => {
  const commands = ['ps', 'run', 'rm', 'rmi', 'images', 'inspect', 'start', 'restart'];
  it.each([
    ['pss', 'ps'],
    ['rnu', 'run'],
    ['image', 'images'],
    ['isnpect', 'inspect'],
    ['strat', 'start'],
    ['build', undefined],
    ['x', undefined],
    ['', undefined],
  ])('%s: %s', (word, meant) => {
    expect(nearest(word, commands)).toBe(meant);
  });
});
