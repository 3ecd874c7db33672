import { describe, expect, test } from 'vitest';

import { librariesOf, parseLibraries } from './libraries.js';

describe('the libraries of a program', () => {
  test('are those that the loader names, and the loader', () => {
    const text =
      '\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f2)\n';
    expect(parseLibraries(text)).toEqual(['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
    expect(parseLibraries('\tstatically linked\n')).toEqual([]);
  });

  test('of something that is no program are an error', () => {
    expect(() => librariesOf('/none/program')).toThrow(
      expect.objectContaining({ code: 'ERR_NS_TOOL_FAILED' }),
    );
  });
});
