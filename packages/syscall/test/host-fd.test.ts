import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SyscallError } from '@ns/errors';
import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  dupAtLeast,
  MAGIC,
  fstatfs,
  O,
  openat2,
  openPath,
  OwnedFd,
  pipe,
  readAll,
  readAvailable,
  RESOLVE,
  setCloexec,
  setCloexecFrom,
  setNonblocking,
  setPipeSize,
  writeAll,
} from '../src/index.js';
import { expectNoLeaks, fdInfo, isCloexec } from './descriptors.js';

describe('file descriptors', needs('linux'), () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-fd-'));
    writeFileSync(join(folder, 'file'), 'content of the file');
    symlinkSync('/file', join(folder, 'absolute'));
    symlinkSync('../../../../../../file', join(folder, 'climbing'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  expectNoLeaks();

  test('openat2 opens close-on-exec', () => {
    using file = openat2(join(folder, 'file'), { flags: O.O_RDONLY });
    expect(isCloexec(file.fd)).toBe(true);
    expect(fdInfo(file.fd, 'flags') & O.O_LARGEFILE).not.toBe(0);
    expect(readAll(file.fd, 100).toString()).toBe('content of the file');
  });

  test('RESOLVE_IN_ROOT keeps links inside the root', () => {
    using root = openPath(folder, { flags: O.O_DIRECTORY });
    for (const path of ['absolute', '/absolute', 'climbing', '/../../file']) {
      using file = openat2(path, { dirFd: root.fd, flags: O.O_RDONLY, resolve: RESOLVE.RESOLVE_IN_ROOT });
      expect(readAll(file.fd, 100).toString()).toBe('content of the file');
    }
    const beneath = { dirFd: root.fd, flags: O.O_RDONLY, resolve: RESOLVE.RESOLVE_BENEATH };
    expect(() => openat2('climbing', beneath)).toThrow('open climbing: EXDEV (Invalid cross-device link)');
  });

  test('RESOLVE_NO_MAGICLINKS refuses /proc/self/fd', () => {
    using file = openPath(join(folder, 'file'));
    const path = `/proc/self/fd/${file.fd}`;
    const open = (resolve: number): OwnedFd => openat2(path, { flags: O.O_RDONLY, resolve });
    open(0).close();
    expect(() => open(RESOLVE.RESOLVE_NO_MAGICLINKS)).toThrow('ELOOP');
  });

  test('the error has the decoded arguments', () => {
    const path = join(folder, 'missing');
    const open = (): OwnedFd => openPath(path);
    expect(open).toThrow(SyscallError);
    expect(open).toThrow(
      expect.objectContaining({
        message: `open ${path}: ENOENT (No such file or directory)`,
        syscall: 'openat2',
        path,
        args: `AT_FDCWD, "${path}", <24 bytes>, 24`,
      }),
    );
  });

  test('O_PATH gives a handle that cannot be read', () => {
    using file = openPath(join(folder, 'file'));
    expect(fdInfo(file.fd, 'flags') & O.O_PATH).not.toBe(0);
    expect(() => readAll(file.fd, 10)).toThrow('EBADF');
    expect(readFileSync(`/proc/self/fd/${file.fd}`, 'utf8')).toBe('content of the file');
  });

  test('an owned descriptor is closed once, and not after it was given away', () => {
    const file = openPath(folder);
    const fd = file.take();
    expect(file.isOpen).toBe(false);
    file.close();
    const owner = new OwnedFd(fd);
    owner.close();
    owner.close();
    expect(() => owner.fd).toThrow('file descriptor: used after it was closed or given away');
    expect(() => new OwnedFd(fd).close()).toThrow(`close descriptor ${fd}: EBADF (Bad file descriptor)`);
  });

  test('a duplicate is high, close-on-exec, and shares the offset', () => {
    using file = openat2(join(folder, 'file'), { flags: O.O_RDONLY });
    using copy = dupAtLeast(file.fd, 200);
    expect(copy.fd).toBeGreaterThanOrEqual(200);
    expect(isCloexec(copy.fd)).toBe(true);
    readAvailable(copy.fd, 7);
    expect(fdInfo(file.fd, 'pos')).toBe(7);
  });

  test('close-on-exec can be cleared, and set for all from a number on', () => {
    using file = openPath(folder);
    using high = dupAtLeast(file.fd, 500);
    setCloexec(file.fd, false);
    setCloexec(high.fd, false);
    expect([isCloexec(file.fd), isCloexec(high.fd)]).toEqual([false, false]);
    setCloexecFrom(500);
    expect([isCloexec(file.fd), isCloexec(high.fd)]).toEqual([false, true]);
  });

  test('readAll refuses more than it accepts', () => {
    using exact = openat2(join(folder, 'file'), { flags: O.O_RDONLY });
    expect(readAll(exact.fd, 19)).toHaveLength(19);
    using tooLong = openat2(join(folder, 'file'), { flags: O.O_RDONLY });
    expect(() => readAll(tooLong.fd, 18)).toThrow('more than the 18 bytes that are accepted');
  });

  test('only the chosen end of a pipe is non-blocking', () => {
    using ends = pipe({ nonblocking: 'read' });
    expect([isCloexec(ends.read.fd), isCloexec(ends.write.fd)]).toEqual([true, true]);
    expect(fdInfo(ends.read.fd, 'flags') & O.O_NONBLOCK).not.toBe(0);
    expect(fdInfo(ends.write.fd, 'flags') & O.O_NONBLOCK).toBe(0);
    expect(readAvailable(ends.read.fd, 10)).toBeUndefined();
    writeAll(ends.write.fd, Buffer.from('word'));
    expect(readAvailable(ends.read.fd, 10)?.toString()).toBe('word');
    ends.write.close();
    expect(readAvailable(ends.read.fd, 10)).toHaveLength(0);
    setNonblocking(ends.read.fd, false);
    expect(fdInfo(ends.read.fd, 'flags') & O.O_NONBLOCK).toBe(0);
  });

  test('a pipe holds what it was made to hold', () => {
    using ends = pipe({ nonblocking: 'write' });
    expect(setPipeSize(ends.write.fd, 5000)).toBe(8192);
    writeAll(ends.write.fd, Buffer.alloc(8192));
    expect(() => writeAll(ends.write.fd, Buffer.alloc(1))).toThrow('EAGAIN');
  });

  test('fstatfs tells procfs from what looks like it', () => {
    using status = openPath('/proc/self/status');
    using file = openPath(folder);
    expect(fstatfs(status.fd).type).toBe(MAGIC.PROC_SUPER_MAGIC);
    expect(fstatfs(file.fd).type).not.toBe(MAGIC.PROC_SUPER_MAGIC);
  });
});
