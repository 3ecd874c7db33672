import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { describe, expect, it } from 'vitest';

import { helloImage } from './hello.js';

describe('hello-world', () => {
  it('is one executable of a few KiB, the same every time', () => {
    const { files, config } = helloImage();
    expect([...files.keys()]).toEqual(['hello']);
    expect(config.Cmd).toEqual(['/hello']);
    const { bytes } = files.get('hello')!;
    expect(bytes.length).toBeLessThan(6 * 1024);
    expect(helloImage().files.get('hello')?.bytes).toEqual(bytes);
  });

  it('greets', needs('linux'), () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-hello-'));
    try {
      const path = join(directory, 'hello');
      writeFileSync(path, helloImage().files.get('hello')!.bytes);
      chmodSync(path, 0o755);
      expect(execFileSync(path, { encoding: 'utf8' })).toMatch(/^\nHello from ns!\n/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
