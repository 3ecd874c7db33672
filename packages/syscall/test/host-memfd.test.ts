import { ftruncateSync, readFileSync, writeSync } from 'node:fs';
import { release } from 'node:os';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { addSeals, F_SEAL, getSeals, memfdCreate, sealedMemfd, spawn, waitPid } from '../src/index.js';
import { expectNoLeaks, isCloexec } from './descriptors.js';
import { until } from './until.js';

const since63 = {
  name: 'Linux 6.3',
  missing: (): string | undefined => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    return major > 6 || (major === 6 && minor >= 3) ? undefined : `this is Linux ${release()}`;
  },
};

describe('memory files', needs('linux'), () => {
  expectNoLeaks();

  test('a sealed one keeps its content, whoever tries', () => {
    using file = sealedMemfd('sealed', Buffer.from('as it was'));
    expect(isCloexec(file.fd)).toBe(true);
    expect(() => writeSync(file.fd, 'x', 0)).toThrow('EPERM');
    expect(() => ftruncateSync(file.fd, 1)).toThrow('EPERM');
    expect(() => ftruncateSync(file.fd, 100)).toThrow('EPERM');
    expect(() => addSeals(file.fd, F_SEAL.F_SEAL_FUTURE_WRITE)).toThrow('EPERM');
    expect(readFileSync(`/proc/self/fd/${file.fd}`, 'utf8')).toBe('as it was');
    const { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE } = F_SEAL;
    const seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    expect(getSeals(file.fd) & seals).toBe(seals);
  });

  test('a sealed executable one runs', async () => {
    using file = sealedMemfd('true', readFileSync('/bin/true'), { executable: true });
    const pid = spawn(`/proc/self/fd/${file.fd}`, { argv: ['true'], fds: {} });
    expect(await until(() => waitPid(pid))).toEqual({ kind: 'exited', code: 0 });
  });

  test('the executable bits are sealed', needs(since63), () => {
    using executable = sealedMemfd('program', Buffer.from('x'), { executable: true });
    expect(getSeals(executable.fd) & F_SEAL.F_SEAL_EXEC).not.toBe(0);
  });

  test('one that is not executable does not run', needs(since63), () => {
    using file = sealedMemfd('data', readFileSync('/bin/true'));
    expect(() => spawn(`/proc/self/fd/${file.fd}`, { argv: ['true'], fds: {} })).toThrow('EACCES');
  });

  test('one that was not made for seals takes none', () => {
    using file = memfdCreate('plain', { executable: true });
    expect(() => addSeals(file.fd, F_SEAL.F_SEAL_WRITE)).toThrow(
      `seal descriptor ${file.fd}: EPERM (Operation not permitted)`,
    );
  });
});
