import { explain } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { startFileServer } from './file-server.js';

const text = explain({
  title: 'files',
  statusFd: 20,
  failureStatus: 1,
  steps: startFileServer({ file: '/usr/bin/server', args: ['server', '-f'] }, ['CHOWN', 'MKNOD'], 40, 20),
});

const places = (...parts: readonly string[]): number[] => parts.map((part) => text.indexOf(part));

describe('the server of files', () => {
  test('has its socket before the machine looks for it', () => {
    const order = places('socket(AF_UNIX', 'bind(', 'listen(', 'clone');
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((left, right) => left - right));
  });

  test('has a /proc of nothing but itself, and then loses its rights, before it runs', () => {
    const order = places(
      'mount("/proc/self", "/tmp/self"',
      'mount("/tmp", "/proc"',
      'PR_CAPBSET_DROP',
      'capset',
      'PR_SET_NO_NEW_PRIVS',
      'seccomp(',
      'execve("/usr/bin/server", ["server", "-f"]',
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((left, right) => left - right));
  });

  test('has the socket and no other file of the machine', () => {
    const ranges = [...text.matchAll(/close_range\((\d+), (\d+)/g)].map(([, from, to]) => [
      Number(from),
      Number(to),
    ]);
    expect(ranges).toEqual(
      expect.arrayContaining([
        [3, 16],
        [18, 19],
        [21, 0xffff_ffff],
      ]),
    );
  });

  test('takes the machine with it when it ends', () => {
    expect(text).toContain('kill(-1, SIGKILL)');
  });
});
