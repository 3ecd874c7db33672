import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RequirementName } from '@ns/testing';

import type { Architecture } from '../src/program/elf.js';

/** An instruction: where it lies, and what binutils calls it. */
export interface Instruction {
  readonly offset: number;
  readonly text: string;
}

const TOOLS: Readonly<Record<Architecture, readonly [string, ...string[]]>> = {
  x86_64: ['objdump', '-m', 'i386:x86-64', '-M', 'intel'],
  aarch64: ['aarch64-linux-gnu-objdump', '-m', 'aarch64', '-M', 'no-aliases'],
};

/** What a test that disassembles needs. */
export const DISASSEMBLERS: Readonly<Record<Architecture, RequirementName>> = {
  x86_64: 'binutils',
  aarch64: 'binutils-aarch64',
};

/** Machine code as assembly text, without comments. */
export function disassemble(architecture: Architecture, code: Uint8Array): Instruction[] {
  const folder = mkdtempSync(join(tmpdir(), 'ns-code-'));
  try {
    const file = join(folder, 'code');
    writeFileSync(file, code);
    const [command, ...options] = TOOLS[architecture];
    const args = ['-D', '-z', '-w', '-b', 'binary', ...options, file];
    const text = execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return [...text.matchAll(/^ *([0-9a-f]+):\t[0-9a-f ]+\t(.*)$/gm)].map(([, offset = '', line = '']) => ({
      offset: Number.parseInt(offset, 16),
      text: line
        .replace(/\s*(?:\/\/|#  ?).*$/, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
