import { describe, expect, it } from 'vitest';

import { isFirst } from './first-process.js';

const status = (parent: number, pids: string): string =>
  `Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t77\nPPid:\t${parent}\nTracerPid:\t0\nNSpid:\t${pids}\nNSpgid:\t${pids}\n`;

describe('the first process', () => {
  it('is a child of systemd-nspawn, and process 1 of a namespace', () => {
    expect(isFirst(status(42, '77\t1'), 42)).toBe(true);
    expect(isFirst(status(42, '77\t12\t1'), 42)).toBe(true);
  });

  it('is no other', () => {
    expect(isFirst(status(43, '77\t1'), 42)).toBe(false);
    expect(isFirst(status(421, '77\t1'), 42)).toBe(false);
    expect(isFirst(status(42, '77'), 42)).toBe(false);
    expect(isFirst(status(42, '77\t2'), 42)).toBe(false);
    expect(isFirst(status(42, '77\t11'), 42)).toBe(false);
    expect(isFirst('', 42)).toBe(false);
  });
});
