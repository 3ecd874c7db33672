import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { call, clone, cstr, slot, strings, type Step } from '@ns/syscall';
import { needs, which } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  NAMESPACE_KINDS,
  checkJoins,
  differingNamespaces,
  joinNamespaces,
  newTimeNamespace,
  openPeerShm,
  planNamespaces,
  type NamespaceKind,
  type NamespaceSource,
} from '../src/index.js';
import { Scratch } from './busybox-root.js';
import {
  cloneArgs,
  program,
  runContainer,
  runProgram,
  waitAndExit,
  type ContainerOptions,
} from './container.js';

const able = needs('linux', 'root', 'busybox', 'user-namespaces');
const timely = needs('linux', 'root', 'busybox', 'user-namespaces', 'time-namespaces');
const MAP = [{ inside: 0, outside: 0, length: 65_536 }];
const own = (kind: NamespaceKind): string => readlinkSync(`/proc/self/ns/${kind}`);

/** The namespaces of a container's first process. */
function namespacesOf(options: Partial<ContainerOptions>): Record<string, string> {
  using scratch = new Scratch();
  const { stdout, failure } = runContainer({
    root: scratch.root(),
    script: `cd /proc/self/ns; for k in ${NAMESPACE_KINDS.join(' ')}; do echo $k $(readlink $k); done`,
    ...options,
  });
  expect(failure).toBeUndefined();
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
}

const time = { parts: () => ({ early: newTimeNamespace() }) };

describe('new namespaces', timely, () => {
  test('of all eight kinds differ from the host', () => {
    const found = namespacesOf({
      namespaces: { user: 'new', time: 'new' },
      uidMap: MAP,
      gidMap: MAP,
      ...time,
    });
    expect(Object.keys(found).filter((kind) => found[kind] === own(kind as NamespaceKind))).toEqual([]);
    expect(Object.keys(found)).toHaveLength(8);
  });

  test.each(NAMESPACE_KINDS.filter((kind) => kind !== 'mnt'))("of the kind %s can be the host's", (kind) => {
    const namespaces = { user: 'new', time: 'new', [kind]: 'host' } as const;
    const maps = kind === 'user' ? {} : { uidMap: MAP, gidMap: MAP };
    const found = namespacesOf({ namespaces, ...maps, ...(kind === 'time' ? {} : time) });
    expect(found[kind]).toBe(own(kind));
    expect(NAMESPACE_KINDS.filter((other) => found[other] === own(other))).toEqual([kind]);
  });

  test('of time shift the clocks', () => {
    using scratch = new Scratch();
    const day = 86_400n * 1_000_000_000n;
    const { stdout, failure } = runContainer({
      root: scratch.root(),
      script: 'cat /proc/uptime /proc/self/timens_offsets',
      namespaces: { time: 'new' },
      parts: () => ({ early: newTimeNamespace({ boottimeNs: 10n * day + 1n, monotonicNs: -1n }) }),
    });
    expect(failure).toBeUndefined();
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    expect(Number.parseFloat(stdout) - uptime).toBeGreaterThan(863_000);
    expect(stdout.replaceAll(/ +/g, ' ')).toContain('monotonic -1 999999999\nboottime 864000 1\n');
  });

  test('of time with an offset that the kernel refuses say why', () => {
    using scratch = new Scratch();
    const { failure } = runContainer({
      root: scratch.root(),
      script: 'true',
      namespaces: { time: 'new' },
      parts: () => ({ early: newTimeNamespace({ monotonicNs: -(10n ** 18n) }) }),
    });
    expect(failure?.error).toMatchObject({ code: 'ERANGE', syscall: 'write' });
    expect(failure?.error.hint).toContain('before zero');
  });
});

describe('namespaces that exist', able, () => {
  const scratch = new Scratch();
  const sleeper = spawn('unshare', ['-Ufmipunr', '--mount-proc', 'sh', '-c', 'echo ready; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let pid = 0;
  beforeAll(async () => {
    await once(sleeper.stdout, 'data');
    pid = Number(readFileSync(`/proc/${sleeper.pid}/task/${sleeper.pid}/children`, 'utf8').trim());
  });
  afterAll(async () => {
    const closed = once(sleeper, 'close');
    process.kill(pid, 'SIGKILL');
    await closed;
    scratch[Symbol.dispose]();
  });

  const theirs = (kind: NamespaceKind): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

  test.each(['uts', 'ipc', 'net', 'pid', 'user'] as const)('of the kind %s are joined by pid', (kind) => {
    const found = namespacesOf({ namespaces: { [kind]: { pid } } });
    expect(found[kind]).toBe(theirs(kind));
    expect(found['mnt']).not.toBe(theirs('mnt'));
  });

  test('are joined several at once, the user namespace among them', () => {
    const kinds = ['user', 'net', 'ipc', 'uts'] as const;
    const found = namespacesOf({ namespaces: Object.fromEntries(kinds.map((kind) => [kind, { pid }])) });
    expect(kinds.map((kind) => found[kind])).toEqual(kinds.map(theirs));
  });

  test('are joined from several sources by root, whoever owns them', () => {
    const found = namespacesOf({
      namespaces: { user: { pid }, net: { path: '/proc/self/ns/net' }, uts: { pid } },
    });
    expect([found['user'], found['net'], found['uts']]).toEqual([theirs('user'), own('net'), theirs('uts')]);
  });

  test('are joined by path', () => {
    const found = namespacesOf({ namespaces: { net: { path: `/proc/${pid}/ns/net` } } });
    expect(found['net']).toBe(theirs('net'));
  });

  test.each<[string, (path: string) => NamespaceSource, string, string]>([
    [
      'a process that does not exist',
      () => ({ pid: 4_194_303 }),
      'ERR_NS_NOT_FOUND',
      'there is no process 4194303',
    ],
    [
      'a path that does not exist',
      (path) => ({ path: `${path}/none` }),
      'ERR_NS_NOT_FOUND',
      'does not exist',
    ],
    [
      'a file that is no namespace',
      (path) => ({ path: join(path, 'root/etc/passwd') }),
      'ERR_NS_INVALID_ARGUMENT',
      'is not a namespace',
    ],
    [
      'a namespace of another kind',
      () => ({ path: '/proc/self/ns/uts' }),
      'ERR_NS_INVALID_ARGUMENT',
      'is a uts namespace',
    ],
  ])('refused: %s', (_, source, code, message) => {
    if (!existsSync(join(scratch.path, 'root'))) scratch.root();
    const plan = planNamespaces({ namespaces: { net: source(scratch.path) } });
    expect(() => checkJoins(plan)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });

  test('are the ones that a program must enter to run beside a process', () => {
    const beside = differingNamespaces(pid);
    expect(new Set(beside.kinds)).toEqual(new Set(['user', 'mnt', 'pid', 'uts', 'ipc', 'net']));
    const child = slot('child');
    const kinds = NAMESPACE_KINDS.filter((kind) => existsSync(`/proc/self/ns/${kind}`));
    const script = `for k in ${kinds.join(' ')}; do busybox readlink /proc/self/ns/$k; done; exit 7`;
    const steps: Step[] = [
      ...joinNamespaces({ joins: [beside] }),
      clone({
        what: 'clone',
        args: cloneArgs(0),
        into: child,
        child: [
          call('execve', [cstr(which('busybox')!), strings(['sh', '-c', script]), strings([])], {
            what: 'run the script',
          }),
        ],
      }),
      ...waitAndExit(child),
    ];
    const { status, failure, stdout } = runProgram(program('exec', steps), { directory: scratch.path });
    expect(failure?.error).toBeUndefined();
    expect(status).toBe(7);
    expect(stdout.trim().split('\n')).toEqual(kinds.map(theirs));
  });

  test('share /dev/shm with the ipc namespace', () => {
    using other = new Scratch();
    const shared = slot('shared');
    const { stdout, failure } = runContainer({
      root: other.root(),
      script: 'grep " /dev/shm " /proc/mounts',
      namespaces: { ipc: { pid } },
      defaultMounts: { peerShm: shared },
      parts: () => ({ host: openPeerShm({ pid, into: shared }) }),
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe(
      readFileSync(`/proc/${pid}/mounts`, 'utf8')
        .split('\n')
        .findLast((line) => line.includes(' /dev/shm ')) + '\n',
    );
  });
});
