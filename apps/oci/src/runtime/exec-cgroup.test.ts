import { describe, expect, test } from 'vitest';

import { parseSubCgroups } from './exec-cgroup.js';

describe('parseSubCgroups', () => {
  test.each([
    [[], {}],
    [['sub'], { '': '/sub' }],
    [['/sub/./deeper/'], { '': '/sub/deeper' }],
    [['/'], { '': '' }],
    [['cpu,memory:a', 'pids:/b'], { cpu: '/a', memory: '/a', pids: '/b' }],
    [['name=systemd:a'], { 'name=systemd': '/a' }],
  ])('%j', (given, expected) => {
    expect(Object.fromEntries(parseSubCgroups(given))).toEqual(expected);
  });

  test.each([
    [['a:b:c'], 'more than one colon'],
    [['a', 'b'], 'names no controller'],
    [['memory:a', 'b'], 'names no controller'],
    [[':a'], 'has no name before the colon'],
    [['cpu,,memory:a'], 'has no name before the colon'],
    [['cpu:a', 'cpu:b'], 'cpu is given more than once'],
    [['../a'], 'is not a sub cgroup path'],
    [['cpu:a/../../b'], 'is not a sub cgroup path'],
  ])('%j is refused', (given, words) => {
    expect(() => parseSubCgroups(given)).toThrow(
      expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT', message: expect.stringContaining(words) }),
    );
  });
});
