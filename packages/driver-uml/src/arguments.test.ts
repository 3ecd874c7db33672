import { describe, expect, test } from 'vitest';

import { kernelArguments } from './arguments.js';

describe('the arguments of the kernel', () => {
  const args = kernelArguments(256);

  test('are its memory, its ramdisk, and its lines', () => {
    expect(args.slice(0, 3)).toEqual(['linux.uml', 'mem=256M', 'initrd=/initrd']);
    expect(args).toContain('ssl1=fd:13,null');
    expect(args).toContain('ssl2=null,fd:11');
  });

  test('leave no console or line to its defaults, which are windows of a terminal and sockets', () => {
    expect(args.indexOf('con=null')).toBeLessThan(args.indexOf('con0=null,fd:16'));
    expect(args.indexOf('ssl=null')).toBeLessThan(args.findIndex((arg) => arg.startsWith('ssl1=')));
  });

  test('have no word twice', () => {
    expect(new Set(args).size).toBe(args.length);
  });
});
