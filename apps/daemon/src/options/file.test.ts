import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readConfigFile } from './file.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ns-config-'));
  path = join(directory, 'daemon.json');
  writeFileSync(path, '{"debug": true}', { mode: 0o644 });
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a configuration file', () => {
  it('is read, also by another name', () => {
    expect(readConfigFile(path, true)).toEqual({ debug: true });
    symlinkSync(path, join(directory, 'link'));
    expect(readConfigFile(join(directory, 'link'), true)).toEqual({ debug: true });
  });

  it('need not exist, unless it is named', () => {
    const absent = join(directory, 'absent/daemon.json');
    expect(readConfigFile(absent, false)).toEqual({});
    expect(() => readConfigFile(absent, true)).toThrow(expect.objectContaining({ code: 'ERR_NS_NOT_FOUND' }));
  });

  it.each([0o664, 0o646, 0o666])('that others may write (%o) is refused', (mode) => {
    chmodSync(path, mode);
    expect(() => readConfigFile(path, false)).toThrow(
      `can be written by others than its owner: its mode is 0${mode.toString(8)}`,
    );
  });

  it.runIf(process.getuid?.() === 0)('of somebody else is refused', () => {
    chownSync(path, 1234, 0);
    expect(() => readConfigFile(path, false)).toThrow(`configuration file ${path}: belongs to user 1234`);
  });

  it('may be none', () => expect(readConfigFile('/dev/null', true)).toEqual({}));

  it('that is no file, or too long, is refused', () => {
    for (const other of [directory, '/dev/zero'])
      expect(() => readConfigFile(other, true)).toThrow('is not a file');
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => readConfigFile(pipe, true)).toThrow('is not a file');
    truncateSync(path, 1024 * 1024 + 1);
    expect(() => readConfigFile(path, true)).toThrow('is longer than 1048576 bytes');
  });
});
