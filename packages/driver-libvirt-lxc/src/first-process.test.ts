import { describe, expect, it } from 'vitest';

import { depthOfFirst } from './first-process.js';

const status = (pids: string): string =>
  `Name:\tsh\nPid:\t77\nPPid:\t76\nNSpid:\t${pids}\nNSpgid:\t${pids}\n`;

describe('a first process', () => {
  it('is process 1 of the innermost of its pid namespaces', () => {
    expect(depthOfFirst(status('77\t2\t1'))).toBe(3);
    expect(depthOfFirst(status('77\t2\t9\t1'))).toBe(4);
  });

  it('is no other', () => {
    expect(depthOfFirst(status('77\t2\t7'))).toBeUndefined();
    expect(depthOfFirst(status('77\t2\t11'))).toBeUndefined();
    expect(depthOfFirst('')).toBeUndefined();
  });
});
