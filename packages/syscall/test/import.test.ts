import { readFileSync } from 'node:fs';

import { needs } from '@ns/testing';
import { expect, test } from 'vitest';

const koffiIsLoaded = (): boolean => readFileSync('/proc/self/maps', 'utf8').includes('koffi');

test(
  'importing, compiling and explaining load no native code; the first call does',
  needs('linux'),
  async () => {
    const { call, compile, dupAtLeast, explain } = await import('../src/index.js');
    const steps = [call('getpid', [], { what: 'ask who I am' })];
    const program = { title: 'test', statusFd: 3, failureStatus: 1, steps };
    expect(compile(program, 'aarch64').elf.length).toBeGreaterThan(0);
    expect(explain(program)).toContain('getpid()');
    expect(koffiIsLoaded()).toBe(false);
    dupAtLeast(0).close();
    expect(koffiIsLoaded()).toBe(true);
  },
);
