import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { expect, test } from 'vitest';

import { syncfs } from '../src/index.js';

test('syncfs writes a file system out', needs('linux'), async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ns-sync-'));
  writeFileSync(join(folder, 'file'), 'content');
  const fd = openSync(folder, 'r');
  try {
    await expect(syncfs(fd)).resolves.toBeUndefined();
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

test('syncfs says what the kernel answered', needs('linux'), async () => {
  await expect(syncfs(1_000_000)).rejects.toThrow(
    'sync the file system of descriptor 1000000: EBADF (Bad file descriptor)',
  );
});
