import { describe, expect, test } from 'vitest';

import { containerPath, isWithin } from './container-path.js';

describe('containerPath', () => {
  test.each([
    ['/', '/'],
    ['//', '/'],
    ['/a//b/', '/a/b'],
    ['/./a/.', '/a'],
    ['/a/../b', '/b'],
    ['/a/b/../..', '/'],
    ['/..a/...', '/..a/...'],
    [`/${'x'.repeat(255)}`, `/${'x'.repeat(255)}`],
  ])('%s is %s', (path, expected) => {
    expect(containerPath('mounts', 'target', path)).toBe(expected);
  });

  test.each([
    ['', /target is empty/],
    ['a', /"a" is not absolute/],
    ['../a', /is not absolute/],
    ['/..', /leads out of the root/],
    ['/a/../../b', /leads out of the root/],
    ['/a\0b', /holds a NUL/],
    [`/${'x'.repeat(256)}`, /component of more than 255 bytes/],
    [`/${'ü'.repeat(128)}`, /component of more than 255 bytes/],
    ['/x'.repeat(2048), /longer than 4095/],
  ])('%j is refused', (path, message) => {
    expect(() => containerPath('mounts', 'target', path)).toThrow(
      expect.objectContaining({
        code: 'ERR_NS_INVALID_ARGUMENT',
        message: expect.stringMatching(message) as string,
      }),
    );
  });
});

test('isWithin compares whole components', () => {
  expect(isWithin('/proc', '/proc')).toBe(true);
  expect(isWithin('/proc/sys', '/proc')).toBe(true);
  expect(isWithin('/process', '/proc')).toBe(false);
  expect(isWithin('/a', '/')).toBe(true);
});
