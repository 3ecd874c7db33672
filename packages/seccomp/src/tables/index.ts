import { AARCH64 } from './aarch64.js';
import { ARM } from './arm.js';
import { I386 } from './i386.js';
import { X32 } from './x32.js';
import { X86_64 } from './x86-64.js';

/** The machines that filters are made for. */
export type Architecture = 'x86_64' | 'aarch64';

/** Every set of system call numbers that these machines have. */
export type Abi = 'x86_64' | 'i386' | 'x32' | 'aarch64' | 'arm';

const TEXTS: Readonly<Record<Abi, string>> = {
  x86_64: X86_64,
  i386: I386,
  x32: X32,
  aarch64: AARCH64,
  arm: ARM,
};

const parsed = new Map<Abi, ReadonlyMap<string, number>>();

/**
 * The numbers of an ABI's system calls by name, in the order of the numbers, complete up to Linux 7.0. Those of x32 lack the bit
 * `__X32_SYSCALL_BIT`.
 */
export function syscallNumbers(abi: Abi): ReadonlyMap<string, number> {
  let numbers = parsed.get(abi);
  if (numbers === undefined) {
    numbers = parseTable(TEXTS[abi]);
    parsed.set(abi, numbers);
  }
  return numbers;
}

function parseTable(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = 0;
  for (const word of text.trim().split(/\s+/)) {
    // No name starts with a digit.
    if (word < ':') next = Number(word);
    else numbers.set(word, next++);
  }
  return numbers;
}
