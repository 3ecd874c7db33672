import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { SyscallError } from '@ns/errors';
import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import {
  getResourceLimit,
  kill,
  O,
  openat2,
  pidfdGetfd,
  pidfdOpen,
  pidfdSendSignal,
  pipe,
  readAll,
  readAvailable,
  setChildSubreaper,
  type Readiness,
  setResourceLimit,
  SIG,
  spawn,
  waitPid,
  waitPidfd,
  watch,
  type WaitStatus,
  writeAll,
} from '../src/index.js';
import { expectNoLeaks, fdInfo, isCloexec } from './descriptors.js';
import { until } from './until.js';

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

const sleeper = (): number => spawn('/bin/sleep', { argv: ['sleep', '60'], fds: {} });
const shell = (script: string): number => spawn('/bin/sh', { argv: ['sh', '-c', script], fds: {} });

describe('processes', needs('linux'), () => {
  expectNoLeaks();

  test.each<[string, WaitStatus]>([
    ['exit 42', { kind: 'exited', code: 42 }],
    ['kill -TERM $$', { kind: 'signaled', signal: SIG.SIGTERM, coreDumped: false }],
  ])('how a child ended: %s', async (script, status) => {
    const byNumber = shell(script);
    expect(await until(() => waitPid(byNumber))).toEqual(status);
    expect(() => waitPid(byNumber)).toThrow(`wait for process ${byNumber}: ECHILD (No child processes)`);
    using pidfd = pidfdOpen(shell(script));
    expect(await until(() => waitPidfd(pidfd.fd))).toEqual(status);
  });

  test('a child that runs has not ended', async () => {
    const pid = sleeper();
    using pidfd = pidfdOpen(pid);
    expect(isCloexec(pidfd.fd)).toBe(true);
    expect(waitPid(pid)).toBeUndefined();
    expect(waitPidfd(pidfd.fd)).toBeUndefined();
    pidfdSendSignal(pidfd.fd, 0);
    pidfdSendSignal(pidfd.fd, SIG.SIGKILL);
    expect(await until(() => waitPidfd(pidfd.fd))).toMatchObject({ kind: 'signaled', signal: SIG.SIGKILL });
    expect(() => pidfdSendSignal(pidfd.fd, SIG.SIGKILL)).toThrow(
      `send SIGKILL through pidfd ${pidfd.fd}: ESRCH (No such process)`,
    );
    expect(() => pidfdOpen(pid)).toThrow('ESRCH');
  });

  test('a pidfd in the event loop tells of the end', async () => {
    const pid = sleeper();
    using pidfd = pidfdOpen(pid);
    const ended = new Promise<WaitStatus | undefined>((resolve) => {
      const watcher = watch(pidfd.fd, { readable: true }, () => {
        watcher.close();
        watcher.close();
        watcher.unref();
        watcher.ref();
        resolve(waitPidfd(pidfd.fd));
      });
    });
    kill(pid, SIG.SIGTERM);
    expect(await ended).toEqual({ kind: 'signaled', signal: SIG.SIGTERM, coreDumped: false });
  });

  test('a watcher calls until there is nothing left to read', async () => {
    using ends = pipe();
    const pid = spawn('/bin/sh', { argv: ['sh', '-c', 'echo one; echo two'], fds: { 1: ends.write.fd } });
    ends.write.close();
    const text = await new Promise<string>((resolve) => {
      let all = '';
      const watcher = watch(ends.read.fd, { readable: true }, () => {
        const bytes = readAvailable(ends.read.fd, 2);
        all += bytes?.toString() ?? '';
        if (bytes?.length !== 0) return;
        watcher.close();
        resolve(all);
      });
    });
    expect(text).toBe('one\ntwo\n');
    expect(await until(() => waitPid(pid))).toEqual({ kind: 'exited', code: 0 });
  });

  test.each(['/bin/sh', '/', '/dev/null'])('%s cannot be watched', (path) => {
    using file = openat2(path, { flags: O.O_RDONLY });
    expect(() => watch(file.fd, { readable: true }, () => {})).toThrow(
      `watch descriptor ${file.fd}: EPERM (Operation not permitted)`,
    );
  });

  test('a descriptor that is closed cannot be watched', () => {
    const file = openat2('/bin/sh', { flags: O.O_RDONLY });
    const { fd } = file;
    file.close();
    expect(() => watch(fd, { readable: true }, () => {})).toThrow(SyscallError);
  });

  test('a file may have two watchers, and be closed before they are', async () => {
    using ends = pipe();
    const calls: string[] = [];
    const seen = ['first', 'second'].map(
      (name) =>
        new Promise<void>((resolve) => {
          const watcher = watch(ends.read.fd, { readable: true }, ({ readable, writable }) => {
            calls.push(`${name} ${readable} ${writable}`);
            watcher.close();
            resolve();
          });
        }),
    );
    ends.read.close();
    ends.write.close();
    await Promise.all(seen);
    expect(calls.toSorted()).toEqual(['first true false', 'second true false']);
  });

  test('the end of the readers reaches who waits to write', async () => {
    using ends = pipe({ nonblocking: 'write' });
    ends.read.close();
    const ready = await new Promise<Readiness>((resolve) => {
      const watcher = watch(ends.write.fd, { writable: true }, (answer) => {
        watcher.close();
        resolve(answer);
      });
    });
    expect(ready).toEqual({ readable: false, writable: true, disconnect: true });
    expect(() => writeAll(ends.write.fd, Buffer.from('x'))).toThrow('EPIPE');
  });

  test('a watcher that nobody holds goes on', async () => {
    using ends = pipe();
    const seen = new Promise<void>((resolve) => {
      const watcher = watch(ends.read.fd, { readable: true }, () => {
        watcher.close();
        resolve();
      });
    });
    collectGarbage();
    collectGarbage();
    writeAll(ends.write.fd, Buffer.from('x'));
    await expect(seen).resolves.toBeUndefined();
  });

  test('an exception in a watcher is an uncaught exception of Node', async () => {
    using ends = pipe();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const caught = new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
      const watcher = watch(ends.write.fd, { writable: true }, () => {
        watcher.close();
        throw new Error('from the watcher');
      });
      expect((await caught).message).toBe('from the watcher');
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  test('pidfd_getfd shares the open file', () => {
    using self = pidfdOpen(process.pid);
    using file = openat2('/proc/version', { flags: O.O_RDONLY });
    using copy = pidfdGetfd(self.fd, file.fd);
    expect(isCloexec(copy.fd)).toBe(true);
    readAvailable(copy.fd, 3);
    expect(fdInfo(file.fd, 'pos')).toBe(3);
    expect(() => pidfdGetfd(self.fd, 4000)).toThrow('EBADF');
  });

  test('a subreaper inherits orphans', async () => {
    setChildSubreaper(true);
    try {
      using ends = pipe();
      const parent = spawn('/bin/sh', {
        argv: ['sh', '-c', 'sleep 60 >&- & echo $!'],
        fds: { 1: ends.write.fd },
      });
      ends.write.close();
      const orphan = Number(readAll(ends.read.fd, 100).toString());
      expect(await until(() => waitPid(parent))).toEqual({ kind: 'exited', code: 0 });
      expect(readFileSync(`/proc/${orphan}/status`, 'utf8')).toContain(`\nPPid:\t${process.pid}\n`);
      kill(orphan, SIG.SIGKILL);
      expect(await until(() => waitPid(orphan))).toMatchObject({ kind: 'signaled' });
    } finally {
      setChildSubreaper(false);
    }
  });

  test('limits of another process are what /proc says', async () => {
    const pid = sleeper();
    setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 123, hard: 456 });
    setResourceLimit(pid, 'RLIMIT_CORE', { soft: 0, hard: 'unlimited' });
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max open files +123 +456 +files/m);
    expect(limits).toMatch(/^Max core file size +0 +unlimited/m);
    expect(getResourceLimit(pid, 'RLIMIT_CORE')).toEqual({ soft: 0, hard: 'unlimited' });
    expect(() => setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 2, hard: 1 })).toThrow('EINVAL');
    kill(pid, SIG.SIGKILL);
    await until(() => waitPid(pid));
  });
});
