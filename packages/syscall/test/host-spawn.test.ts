import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import {
  dupAtLeast,
  kill,
  O,
  openat2,
  type OwnedFd,
  setCloexecFrom,
  SIG,
  spawn,
  type SpawnOptions,
  waitPid,
} from '../src/index.js';
import { descriptorsOf, expectNoLeaks } from './descriptors.js';
import { until } from './until.js';

const open = (path: string): OwnedFd => openat2(path, { flags: O.O_RDONLY });

describe('spawn', needs('linux'), () => {
  const children: number[] = [];
  /** A shell that stops itself: until then the dynamic linker has files open too. */
  const STOP = ['-c', 'kill -STOP $$'];
  const stopped = async (pid: number): Promise<number> => {
    children.push(pid);
    await until(() => (/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) ? true : undefined));
    return pid;
  };
  const child = (options: Partial<SpawnOptions> = {}): Promise<number> =>
    stopped(spawn('/bin/sh', { argv: ['sh', ...STOP], fds: {}, ...options }));
  // What this process inherited from whoever runs the tests.
  beforeAll(() => setCloexecFrom(3));
  expectNoLeaks();
  afterEach(async () => {
    for (const pid of children.splice(0)) {
      kill(pid, SIG.SIGKILL);
      await until(() => waitPid(pid));
    }
  });

  test('a child has exactly the named descriptors', async () => {
    using zero = open('/dev/zero');
    using full = open('/dev/full');
    const pid = await child({ fds: { 0: zero.fd, 7: full.fd, 100: zero.fd } });
    const expected = new Map([
      [0, '/dev/zero'],
      [7, '/dev/full'],
      [100, '/dev/zero'],
    ]);
    expect(descriptorsOf(pid)).toEqual(expected);
    expect(descriptorsOf(await child({ fds: new Map([[0, zero.fd]]) }))).toEqual(new Map([[0, '/dev/zero']]));
    expect(descriptorsOf(await child()).size).toBe(0);
  });

  test('sources and targets may overlap in any way', async () => {
    using zero = open('/dev/zero');
    using full = open('/dev/full');
    using high = dupAtLeast(zero.fd, 300);
    const swapped = await child({ fds: { [zero.fd]: full.fd, [full.fd]: zero.fd } });
    expect(descriptorsOf(swapped).get(zero.fd)).toBe('/dev/full');
    expect(descriptorsOf(swapped).get(full.fd)).toBe('/dev/zero');
    const same = await child({ fds: { [zero.fd]: zero.fd, [high.fd]: high.fd } });
    expect([...descriptorsOf(same).keys()]).toEqual([zero.fd, high.fd]);
  });

  test('arguments and environment are those given', async () => {
    const pid = await child({ argv: ['a name of its own', ...STOP], envp: ['A=1', 'B=two words'] });
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBe('a name of its own\0-c\0kill -STOP $$\0');
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('A=1\0B=two words\0');
    expect(readFileSync(`/proc/${await child()}/environ`, 'utf8')).toBe('');
  });

  test('no signal is ignored or blocked, whatever Node does', async () => {
    const masks = (pid: number | 'self'): string[] =>
      [...readFileSync(`/proc/${pid}/status`, 'utf8').matchAll(/^Sig(?:Blk|Ign):\t(\w+)$/gm)].map(
        ([, mask = '']) => mask,
      );
    expect(masks('self')).not.toEqual(['0000000000000000', '0000000000000000']);
    expect(masks(await child())).toEqual(['0000000000000000', '0000000000000000']);
  });

  test('a session of its own only when asked for', async () => {
    const session = (pid: number | 'self'): string | undefined =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    expect(session(await child())).toBe(session('self'));
    const leader = await child({ newSession: true });
    expect(session(leader)).toBe(String(leader));
  });

  test('a program’s own descriptor can have the number of one that the child gets', async () => {
    using shell = open('/bin/sh');
    using zero = open('/dev/zero');
    const fds = { [shell.fd]: zero.fd, [zero.fd + 1]: zero.fd };
    const pid = await stopped(spawn(`/proc/self/fd/${shell.fd}`, { argv: ['sh', ...STOP], fds }));
    expect(descriptorsOf(pid).get(shell.fd)).toBe('/dev/zero');
  });

  test('the file of a close-on-exec descriptor can be started', async () => {
    using program = openat2(realpathSync('/bin/sh'), { flags: O.O_PATH });
    const pid = await stopped(spawn(`/proc/self/fd/${program.fd}`, { argv: ['sh', ...STOP], fds: {} }));
    expect(descriptorsOf(pid).size).toBe(0);
  });

  test('what execve says is what is thrown', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ns-spawn-'));
    try {
      const start = (path: string) => (): number => spawn(path, { argv: ['x'], fds: {} });
      expect(start('/does/not/exist')).toThrow('start /does/not/exist: ENOENT (No such file or directory)');
      expect(start(folder)).toThrow('EACCES');
      writeFileSync(join(folder, 'text'), 'not a program\n', { mode: 0o755 });
      expect(start(join(folder, 'text'))).toThrow('ENOEXEC');
      expect(() => spawn('/bin/true', { argv: ['x'.repeat(200_000)], fds: {} })).toThrow('E2BIG');
      expect(() => spawn('/bin/true', { argv: ['true'], fds: { 0: 4000 } })).toThrow('EBADF');
      expect(() => spawn('/bin/true', { argv: ['tr\0ue'], fds: {} })).toThrow('holds a NUL');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
