import { fstatSync, openSync, closeSync } from 'node:fs';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { O, openat2, pipe, readAvailable, receiveFds, sendFds, socketPair, writeAll } from '../src/index.js';
import { expectNoLeaks, fdInfo, isCloexec } from './descriptors.js';

describe('descriptors through sockets', needs('linux'), () => {
  expectNoLeaks();

  test('the same open file arrives, close-on-exec', () => {
    using pair = socketPair();
    using file = openat2('/proc/version', { flags: O.O_RDONLY });
    expect([isCloexec(pair.left.fd), isCloexec(pair.right.fd)]).toEqual([true, true]);
    expect(sendFds(pair.left.fd, Buffer.from('a file'), [file.fd])).toBe(6);
    const received = receiveFds(pair.right.fd);
    expect(received?.data.toString()).toBe('a file');
    expect(received?.fds).toHaveLength(1);
    using copy = received!.fds[0]!;
    expect(copy.fd).not.toBe(file.fd);
    expect(isCloexec(copy.fd)).toBe(true);
    expect(fstatSync(copy.fd).ino).toBe(fstatSync(file.fd).ino);
    readAvailable(copy.fd, 5);
    expect(fdInfo(file.fd, 'pos')).toBe(5);
  });

  test('many arrive, in order', () => {
    using pair = socketPair();
    using ends = pipe();
    const sent = Array.from({ length: 253 }, (_, index) => (index % 2 === 0 ? ends.read.fd : ends.write.fd));
    sendFds(pair.left.fd, Buffer.from('x'), sent);
    const { fds } = receiveFds(pair.right.fd)!;
    const isWritable = (fd: number): boolean => (fdInfo(fd, 'flags') & O.O_WRONLY) !== 0;
    expect(fds.map(({ fd }) => isWritable(fd))).toEqual(sent.map(isWritable));
    for (const fd of fds) fd.close();
  });

  test('more than expected is refused, and closed', () => {
    for (const maxFds of [0, 1, 2]) {
      using pair = socketPair();
      sendFds(pair.left.fd, Buffer.from('x'), [1, 1, 1]);
      expect(() => receiveFds(pair.right.fd, { maxFds })).toThrow(
        `receive descriptors from socket ${pair.right.fd}: more than 4096 bytes or ${maxFds} descriptors`,
      );
    }
  });

  test('a datagram is not cut', () => {
    using pair = socketPair('seqpacket');
    sendFds(pair.left.fd, Buffer.from('12345678'), []);
    expect(() => receiveFds(pair.right.fd, { maxBytes: 7 })).toThrow('more than 7 bytes');
  });

  test('it does not wait', () => {
    using pair = socketPair();
    expect(receiveFds(pair.right.fd)).toBeUndefined();
    writeAll(pair.left.fd, Buffer.from('plain bytes'));
    expect(receiveFds(pair.right.fd)).toEqual({ data: Buffer.from('plain bytes'), fds: [] });
    pair.left.close();
    expect(receiveFds(pair.right.fd)).toEqual({ data: Buffer.alloc(0), fds: [] });
  });

  test('sending to nobody is EPIPE and no signal', () => {
    using pair = socketPair();
    pair.right.close();
    expect(() => sendFds(pair.left.fd, Buffer.from('x'), [])).toThrow('EPIPE');
  });

  test('descriptors need a byte to travel with', () => {
    using pair = socketPair();
    expect(() => sendFds(pair.left.fd, Buffer.alloc(0), [1])).toThrow('needs at least one byte of data');
  });

  test('a descriptor that is not open cannot be sent', () => {
    using pair = socketPair();
    const gone = openSync('/dev/null', 'r');
    closeSync(gone);
    expect(() => sendFds(pair.left.fd, Buffer.from('x'), [gone])).toThrow('EBADF');
  });
});
