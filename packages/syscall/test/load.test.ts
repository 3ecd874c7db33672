import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { describe, expect, test } from 'vitest';

import {
  bytes,
  call,
  clone,
  compile,
  cstr,
  exit,
  forgetChildren,
  loadImage,
  pipe,
  readAll,
  scratch,
  SIG,
  slot,
  spawn,
  struct,
  waitPid,
  type Program,
  type Step,
} from '../src/index.js';
import { until } from './until.js';

const program = (...steps: readonly Step[]): Program => ({
  title: 'test',
  statusFd: 3,
  failureStatus: 111,
  steps,
});
const say = (text: string): Step =>
  call('write', [1, bytes(new TextEncoder().encode(text)), text.length], { what: 'speak' });

/** Spawns a program with its stdout on a pipe, and returns what it wrote. */
async function output(what: Program): Promise<string> {
  using image = loadImage(compile(what));
  using out = pipe();
  const pid = spawn(image.path, { argv: ['test'], fds: { 1: out.write.fd } });
  out.write.close();
  const text = readAll(out.read.fd, 1 << 20).toString();
  await until(() => waitPid(pid) !== undefined);
  return text;
}

describe('a loaded image', needs('linux', 'x64'), () => {
  test('runs from sealed memory, which nobody can write to', async () => {
    using image = loadImage(compile(program(say('hello\n'), exit(0))));
    expect(image.kind).toBe('memfd');
    expect(await output(program(say('hello\n'), exit(0)))).toBe('hello\n');
  });

  test('without the children’s code after a parent has given it back', async () => {
    const filler = Array.from({ length: 2000 }, () => call('getpid', [], { what: 'fill a page' }));
    const child = slot('child');
    const file = slot('maps');
    const buffer = scratch(4096, 'maps');
    const length = slot('length');
    const args = struct([
      ...Array.from({ length: 4 }, () => ['', 8, 0] as const),
      ['exit_signal', 8, SIG.SIGCHLD],
      ...Array.from({ length: 3 }, () => ['', 8, 0] as const),
    ]);
    const maps = await output(
      program(
        clone({ args, what: 'make a child', into: child, child: filler }),
        call('wait4', [child, 0, 0, 0], { what: 'wait' }),
        forgetChildren,
        call('openat', [-100, cstr('/proc/self/maps'), 0, 0], { what: 'open', into: file }),
        call('read', [file, buffer, 4096], { what: 'read', into: length }),
        call('write', [1, buffer, length], { what: 'write' }),
        exit(0),
      ),
    );
    const code = maps.split('\n').filter((line) => line.includes('r-xp') && line.includes('memfd'));
    expect(code.map((line) => line.split(' ')[0])).toEqual(['00400000-00401000']);
  });
});

/** Runs in a pid namespace of its own, which has its own vm.memfd_noexec. */
const IN_A_STRICT_NAMESPACE = `
  const { writeFileSync } = await import('node:fs');
  const { compile, exit, loadImage, spawn, waitPid } = await import(process.argv[1]);
  writeFileSync('/proc/sys/vm/memfd_noexec', '2');
  const image = compile({ title: 'test', statusFd: 3, failureStatus: 111, steps: [exit(7)] });
  try { loadImage(image); } catch (error) { console.log(error.code, error.hint); }
  using loaded = loadImage(image, { fallbackDirectory: process.argv[2] });
  const pid = spawn(loaded.path, { argv: ['test'], fds: {} });
  let status;
  while (status === undefined) status = waitPid(pid);
  console.log(loaded.kind, JSON.stringify(status));
`;

describe('where memory may not be executed', needs('root', 'linux', 'x64'), () => {
  test('a program runs from a nameless file in the fallback directory, and without one the error says what to do', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-load-'));
    try {
      const index = join(import.meta.dirname, '../src/index.ts');
      const ran = spawnSync(
        'unshare',
        [
          '--pid',
          '--fork',
          '--kill-child',
          '--mount',
          '--mount-proc',
          process.execPath,
          ...SOURCE_LOADER,
          '--input-type=module',
          '--eval',
          IN_A_STRICT_NAMESPACE,
          index,
          directory,
        ],
        { encoding: 'utf8' },
      );
      expect(ran.stderr).toBe('');
      expect(ran.stdout.split('\n')).toEqual([
        'ERR_NS_UNSUPPORTED set the sysctl vm.memfd_noexec to 0 or 1, or give a fallback directory',
        'file {"kind":"exited","code":7}',
        '',
      ]);
      expect(readdirSync(directory)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
