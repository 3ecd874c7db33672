import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compile } from '@ns/syscall';
import { needs } from '@ns/testing';
import { describe, expect, it } from 'vitest';

import { helloArchive, helloProgram } from './hello.js';

describe('hello-world', () => {
  it('is an archive of one file, the same every time', () => {
    const archive = helloArchive();
    expect(archive.equals(helloArchive())).toBe(true);
    expect(archive.toString('latin1', 257, 262)).toBe('ustar');
    expect(archive.toString('latin1', 512, 516)).toBe('\x7fELF');
  });

  it('is understood by tar', needs('linux'), () => {
    const listing = execFileSync('tar', ['-tvf', '-'], { input: helloArchive(), encoding: 'utf8' });
    expect(listing).toMatch(/^-rwxr-xr-x 0\/0 +\d+ 1970-01-01 .* hello\n$/);
  });

  it('greets', needs('linux'), () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-hello-'));
    try {
      const path = join(directory, 'hello');
      writeFileSync(path, compile(helloProgram()).elf);
      chmodSync(path, 0o755);
      expect(execFileSync(path, { encoding: 'utf8' })).toMatch(/^\nHello from ns!\n/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
