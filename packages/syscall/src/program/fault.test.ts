import { describe, expect, test } from 'vitest';

import { countSteps, injectFault } from './fault.js';
import * as ir from './ir.js';

const fd = ir.slot('fd');
const step = (what: string, options: Partial<ir.CallOptions> = {}): ir.CallStep =>
  ir.call('getpid', [], { what, ...options });
const recover = step('recover');
const program: ir.Program = {
  title: 'test',
  statusFd: 3,
  failureStatus: 1,
  steps: [
    step('0'),
    ir.group('group', step('1', { into: fd, on: [ir.on(['ENOENT'], recover)], tolerate: ['EBUSY'] })),
    ir.clone({ what: '3', args: ir.struct([]), into: ir.slot('pid'), child: [step('4')] }),
    ir.loop(ir.when([fd, '<', 0], [ir.leave], [step('5')])),
    step('6', { tolerate: 'any' }),
  ],
};
const failureAt = (index: number, errno: string): unknown => {
  const found = [...ir.walk(injectFault(program, index, errno).steps)].find((one) => one.op === 'fail');
  return found && [found.what, found.errno];
};

test('calls and clones are counted, wherever they are written', () => {
  // 0, 1, recover, 3, 4, 5, 6
  expect(countSteps(program)).toBe(7);
});

describe('a fault', () => {
  test('stands where the call was, with its words', () => {
    const broken = injectFault(program, 0, 'EIO');
    expect(broken.steps[0]).toMatchObject({ op: 'fail', errno: 'EIO', what: '0', instead: program.steps[0] });
    expect(broken.steps.slice(1)).toEqual(program.steps.slice(1));
    expect(broken.steps[1]).toBe(program.steps[1]);
    expect({ ...broken, steps: [] }).toEqual({ ...program, steps: [] });
  });

  test('can be put into every call, in the order of walk', () => {
    const found = Array.from({ length: 6 }, (_, index) => failureAt(index, 'EIO'));
    expect(found).toEqual(['0', '1', 'recover', '3', '4', '5'].map((what) => [what, 'EIO']));
  });

  test('that is handled sets the result and runs the handler', () => {
    const broken = injectFault(program, 1, 'ENOENT');
    expect(broken.steps[1]).toEqual(ir.group('group', ir.set(fd, -2), recover));
  });

  test('that is tolerated leaves the result alone', () => {
    expect(injectFault(program, 1, 'EBUSY').steps[1]).toEqual(ir.group('group', ir.set(fd, -16)));
    expect(injectFault(program, 6, 'EIO').steps).toEqual(program.steps.slice(0, 4));
  });

  test('leaves the program as it was', () => {
    const before = structuredClone(program);
    injectFault(program, 4, 'EIO');
    expect(program).toEqual(before);
  });

  test.each([
    [7, 'EIO', 'inject a fault: no system call 7 in "test"'],
    [-1, 'EIO', 'inject a fault: no system call -1 in "test"'],
    [0.5, 'EIO', 'inject a fault: no system call 0.5 in "test"'],
    [0, 'ENOSUCH', 'inject a fault: unknown errno ENOSUCH'],
  ])('at %d with %s is refused', (index, errno, message) => {
    expect(() => injectFault(program, index, errno)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT', message }),
    );
  });
});
