import { describe, expect, test } from 'vitest';

import { cgroupPath, joinPath, stepsBelow } from './path.js';

describe('a path', () => {
  test.each([
    ['/', 'web', '/web'],
    ['/ns', 'web', '/ns/web'],
    ['/ns/', 'a/b', '/ns/a/b'],
  ])('%s and %s', (parent, name, path) => expect(joinPath(parent, name)).toBe(path));

  test.each([
    ['/', '..'],
    ['/', 'a/../b'],
    ['/', ''],
    ['/', '/a'],
    ['/', 'a//b'],
    ['ns', 'a'],
    ['/', 'a\nb'],
    ['/', 'memory.max'],
    ['/', 'cgroup.procs/x'],
    ['/', 'x'.repeat(256)],
  ])('of %j and %j is refused', (parent, name) => expect(() => joinPath(parent, name)).toThrow(/cgroup/));

  test('may hold dots', () =>
    expect(cgroupPath('/system.slice/ns.service')).toBe('/system.slice/ns.service'));

  test('is walked from a parent', () => {
    expect(stepsBelow('/', '/a/b/c')).toEqual(['/a', '/a/b', '/a/b/c']);
    expect(stepsBelow('/a', '/a/b/c')).toEqual(['/a/b', '/a/b/c']);
    expect(stepsBelow('/a/b', '/a/b/c')).toEqual(['/a/b/c']);
  });
});
