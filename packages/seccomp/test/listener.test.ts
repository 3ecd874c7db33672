import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import {
  AF,
  AUDIT_ARCH,
  compile,
  kill,
  loadImage,
  OwnedFd,
  pidfdGetfd,
  pidfdOpen,
  pipe,
  receiveFds,
  SIG,
  slot,
  SOCK,
  spawn,
  syscall,
  waitPid,
} from '@ns/syscall';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  answerNotification,
  compileFilter,
  hostContext,
  isNotificationValid,
  loadSteps,
  receiveNotification,
  sendListener,
  syscallNumbers,
  type Answer,
  type ContainerState,
} from '../src/index.js';
import { attempt, print } from './run-program.js';

/** A program that makes three calls under a filter that leaves the answers to a listener. */
function start(): {
  readonly pid: number;
  readonly out: OwnedFd;
  readonly listener: OwnedFd;
  readonly [Symbol.dispose]: () => void;
} {
  const { architecture } = hostContext([]);
  const filter = compileFilter(
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['getppid', 'lseek'], action: 'SCMP_ACT_NOTIFY' }],
    },
    architecture,
  );
  const number = slot('listener');
  const steps = [
    ...loadSteps(filter, { listener: number }),
    ...print(number),
    ...attempt('lseek', 1, 2 ** 40, 0),
    ...attempt('getppid'),
    ...attempt('getppid'),
  ];
  using program = loadImage(compile({ title: 'test', statusFd: 3, failureStatus: 111, steps }));
  const { read: out, write } = pipe();
  const pid = spawn(program.path, { argv: ['test'], fds: { 1: write.fd, 2: 2 } });
  write.close();
  using pidfd = pidfdOpen(pid);
  const listener = pidfdGetfd(pidfd.fd, Number(readValue(out.fd)));
  return {
    pid,
    out,
    listener,
    [Symbol.dispose]() {
      kill(pid, SIG.SIGKILL);
      listener.close();
      out.close();
      while (waitPid(pid) === undefined);
    },
  };
}

/** The next value that the program prints. */
function readValue(fd: number): bigint {
  const bytes = Buffer.alloc(8);
  expect(syscall('read a value', 'read', fd, bytes, 8)).toBe(8);
  return bytes.readBigInt64LE(0);
}

describe('a listener', needs('root', 'linux', 'x64'), () => {
  test('is told of the call, and answers it in three ways', () => {
    using program = start();
    const { fd } = program.listener;
    const answers: Answer[] = [{ result: -5n }, { errno: 18 }, { proceed: true }];
    const seconds: (bigint | undefined)[] = [];
    const printed = answers.map((answer, index) => {
      const notification = receiveNotification(fd);
      expect(notification).toMatchObject({
        pid: program.pid,
        number: syscallNumbers('x86_64').get(index === 0 ? 'lseek' : 'getppid'),
        architecture: AUDIT_ARCH.AUDIT_ARCH_X86_64,
      });
      seconds.push(notification?.args[1]);
      const id = notification?.id ?? 0n;
      expect(isNotificationValid(fd, id)).toBe(true);
      expect(answerNotification(fd, id, answer)).toBe(true);
      expect(isNotificationValid(fd, id)).toBe(false);
      expect(answerNotification(fd, id, answer)).toBe(false);
      return readValue(program.out.fd);
    });
    expect(seconds[0]).toBe(2n ** 40n);
    expect(printed).toEqual([-5n, -18n, BigInt(process.pid)]);
  });
});

describe('the agent of a listenerPath', needs('root', 'linux'), () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ns-seccomp-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const state: ContainerState = { ociVersion: '1.2.0', id: 'web', status: 'creating', pid: 42, bundle: '/b' };

  test('gets the descriptor and who it is for', () => {
    const path = join(folder, 'agent');
    const address = Buffer.concat([Buffer.from([AF.AF_UNIX, 0]), Buffer.from(`${path}\0`)]);
    using server = new OwnedFd(
      syscall('make a socket', 'socket', AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0),
    );
    syscall('bind', 'bind', server.fd, address, address.length);
    syscall('listen', 'listen', server.fd, 1);
    using given = pipe();
    sendListener(path, given.write.fd, state, 'for the agent');
    using connection = new OwnedFd(syscall('accept', 'accept4', server.fd, null, null, SOCK.SOCK_CLOEXEC));
    const received = receiveFds(connection.fd);
    expect(JSON.parse(String(received?.data))).toEqual({
      ociVersion: '1.2.0',
      fds: ['seccompFd'],
      pid: 42,
      metadata: 'for the agent',
      state,
    });
    expect(received?.fds).toHaveLength(1);
    for (const fd of received?.fds ?? []) {
      syscall('write', 'write', fd.fd, Buffer.from('x'), 1);
      fd.close();
    }
    expect(syscall('read', 'read', given.read.fd, Buffer.alloc(2), 2)).toBe(1);
  });

  test('that does not listen is an error with advice', () => {
    const path = join(folder, 'nobody');
    expect(() => sendListener(path, 0, state)).toThrow(
      expect.objectContaining({ code: 'ENOENT', path, hint: expect.stringContaining('must listen before') }),
    );
  });

  test('at a path that is too long is refused', () => {
    expect(() => sendListener(`/${'x'.repeat(107)}`, 0, state)).toThrow('has more than 107 bytes');
  });
});
