import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { afterEach, beforeEach, expect } from 'vitest';

import { O } from '../src/index.js';

/** What a process has open, by number. */
export function descriptorsOf(pid: number | 'self'): Map<number, string> {
  const open = new Map<number, string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      open.set(Number(name), readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // The descriptor of the directory just read is gone.
    }
  }
  return open;
}

/** A line of `/proc/self/fdinfo/FD`. */
export function fdInfo(fd: number, field: 'pos' | 'flags'): number {
  const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const value = new RegExp(`^${field}:\\s*(\\d+)$`, 'm').exec(text)?.[1] ?? '';
  return Number.parseInt(value, field === 'flags' ? 8 : 10);
}

export const isCloexec = (fd: number): boolean => (fdInfo(fd, 'flags') & O.O_CLOEXEC) !== 0;

/** Fails a test that leaves a descriptor open. */
export function expectNoLeaks(): void {
  let before = new Map<number, string>();
  beforeEach(() => {
    before = descriptorsOf('self');
  });
  afterEach(() => {
    expect(descriptorsOf('self')).toEqual(before);
  });
}
