import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { exitOf, readNote } from './ending.js';
import { FILES } from './names.js';

const note = (text: string): Buffer => {
  const record = Buffer.alloc(16 + 4096);
  record.writeBigInt64LE(1_700_000_000n, 0);
  record.writeBigInt64LE(250_000_000n, 8);
  record.write(text, 16, 'latin1');
  return record;
};

const AT = new Date(1_700_000_000_250);

describe('what was noted down at the end', () => {
  test.each([
    ['oom_kill_disable 0\nunder_oom 0\noom_kill 0\n', false],
    ['oom_kill_disable 0\nunder_oom 0\noom_kill 2\n', true],
    ['low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 0\n', true],
    ['', false],
  ])('%j', (text, oomKilled) => {
    expect(readNote(note(text))).toEqual({ at: AT, oomKilled });
  });
});

describe('an exit', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ns-lxc-ending-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const end = (waitStatus: number): unknown => exitOf({ id: 'web', directory, root: '/' }, waitStatus);
  const log = (text: string): void => writeFileSync(join(directory, FILES.log), text);

  test('is what the log says, at the time that was noted down', () => {
    log('… Child <1> ended on signal Killed(9)\n');
    writeFileSync(join(directory, FILES.end), note('oom_kill 1\n'));
    expect(end(0)).toEqual({ code: 137, signal: 9, oomKilled: true, finishedAt: AT });
  });

  test('is a status', () => {
    log('… Child <1> ended on error (7)\n');
    expect(end(0)).toMatchObject({ code: 7, oomKilled: false });
    expect(end(0)).not.toHaveProperty('signal');
  });

  test('without a line is a good one, or that of lxc-start when it was killed', () => {
    log('');
    expect(end(0)).toMatchObject({ code: 0 });
    expect(end(9)).toMatchObject({ code: 137, signal: 9 });
  });
});
