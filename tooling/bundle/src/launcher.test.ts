import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { writeLauncher } from './index.ts';

/** It says its words, and where it is. */
const BUNDLE = `(function(exports,require,module,__filename,__dirname){
  const words = process.argv.slice(2);
  if (words.includes('fail')) process.exitCode = 3;
  console.log(JSON.stringify({ words, file: __filename }));
})`;

let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ns-launcher-'));
  writeFileSync(join(directory, 'tool.bundle.js'), BUNDLE);
  await writeLauncher(directory, 'tool', ['run', 'state']);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Root's caches are in /run, so that it is another user who tries. */
const NOBODY = process.geteuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function start(...words: string[]): { status: number | null; output: string } {
  chmodSync(directory, 0o755);
  const { status, stdout, stderr } = spawnSync(join(directory, 'tool.js'), words, {
    ...NOBODY,
    env: { ...process.env, XDG_RUNTIME_DIR: runtimeDir() },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function runtimeDir(mode = 0o700): string {
  const path = join(directory, 'runtime');
  execFileSync('install', ['-d', '-m', mode.toString(8), ...ownedByUser(), path]);
  return path;
}

const ownedByUser = (): string[] => (NOBODY.uid === undefined ? [] : ['-o', `${NOBODY.uid}`]);

const caches = (): string[] => {
  try {
    return readdirSync(join(directory, 'runtime/ns-code')).toSorted();
  } catch {
    return [];
  }
};

test('the words, the status and the place of the bundle are those of a plain start', () => {
  const { status, output } = start('--root', '/x', 'run', 'a');
  expect(status).toBe(0);
  expect(JSON.parse(output)).toEqual({
    words: ['--root', '/x', 'run', 'a'],
    file: join(directory, 'tool.bundle.js'),
  });
  expect(start('run', 'fail').status).toBe(3);
});

test('each command has a cache, which only its owner can read or write', () => {
  start('run');
  start('run');
  start('state');
  start('--help');
  expect(caches()).toEqual([
    expect.stringMatching(/^tool-other-[0-9a-f]{16}-v/),
    expect.stringMatching(/^tool-run-[0-9a-f]{16}-v/),
    expect.stringMatching(/^tool-state-/),
  ]);
  const cache = statSync(join(directory, 'runtime/ns-code', caches()[1] ?? ''));
  expect(cache.mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, 'runtime/ns-code')).mode & 0o777).toBe(0o700);
});

test('a command that failed leaves no cache: it has not called everything', () => {
  start('run', 'fail');
  expect(caches()).toEqual([]);
});

test('a cache of other code or of garbage is not used', async () => {
  start('run');
  const [first = ''] = caches();
  writeFileSync(join(directory, 'runtime/ns-code', first), 'garbage');
  expect(start('run').status).toBe(0);
  expect(statSync(join(directory, 'runtime/ns-code', first)).size).toBeGreaterThan(100);
  writeFileSync(join(directory, 'tool.bundle.js'), BUNDLE.replace('words,', 'changed: true, words,'));
  await writeLauncher(directory, 'tool', ['run', 'state']);
  expect(JSON.parse(start('run').output)).toMatchObject({ changed: true });
  expect(caches()).toHaveLength(2);
});

test('what others can write is neither read nor written', () => {
  start('run');
  const [cache = ''] = caches();
  const path = join(directory, 'runtime/ns-code', cache);
  const before = statSync(path);
  chmodSync(path, 0o666);
  expect(start('run').status).toBe(0);
  // Replaced by one of its own: the file is another one.
  expect(statSync(path).ino).not.toBe(before.ino);
  expect(statSync(path).mode & 0o777).toBe(0o600);

  rmSync(join(directory, 'runtime'), { recursive: true });
  execFileSync('install', ['-d', '-m', '777', join(directory, 'runtime')]);
  const { status } = spawnSync(join(directory, 'tool.js'), ['run'], {
    ...NOBODY,
    env: { ...process.env, XDG_RUNTIME_DIR: join(directory, 'runtime') },
  });
  expect(status).toBe(0);
  expect(caches()).toEqual([]);
});

test('a bundle that is not ASCII is refused', async () => {
  writeFileSync(join(directory, 'tool.bundle.js'), '(function(){ return "µ" })');
  await expect(writeLauncher(directory, 'tool', [])).rejects.toThrow(/not ASCII near/);
});
