import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { slot } from '@ns/syscall';
import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import {
  MASKED_PATHS,
  READONLY_PATHS,
  hostNullDevice,
  maskPaths,
  planMounts,
  readonlyPaths,
  userMounts,
} from '../src/index.js';
import { Scratch } from './busybox-root.js';
import {
  faultAt,
  runContainer,
  without,
  type ContainerOptions,
  type Handles,
  type Outcome,
} from './container.js';

const able = needs('linux', 'root', 'busybox');

const places = ({
  rootFd,
  own,
}: Handles): { rootFd: Handles['rootFd']; proc: typeof own.proc; sys: typeof own.sys } => ({
  rootFd,
  proc: own.proc,
  sys: own.sys,
});

/** A container with Docker's masks, or these. */
function masked(
  script: string,
  options: Partial<ContainerOptions> & { masks?: readonly string[] } = {},
): Outcome {
  using scratch = new Scratch();
  const { masks = MASKED_PATHS, ...rest } = options;
  return runContainer({
    root: scratch.root(),
    script,
    parts: (handles) => ({
      init: [
        ...maskPaths({ ...places(handles), paths: masks, nullDevice: handles.own.nullDevice }),
        ...readonlyPaths({ ...places(handles), paths: READONLY_PATHS }),
      ],
    }),
    ...rest,
  });
}

describe('masked paths', able, () => {
  test('are empty, those that exist', () => {
    const script = `
      for p in ${MASKED_PATHS.join(' ')}; do
        if test -d $p; then test -z "$(ls -A $p)" || echo visible $p; echo d
        elif test -e $p; then test -z "$(head -c 1 $p)" || echo visible $p; stat -c %t:%T $p; fi
      done`;
    const { stdout, failure } = masked(script);
    expect(failure).toBeUndefined();
    const lines = stdout.trim().split('\n');
    expect(new Set(lines)).toEqual(new Set(['d', '1:3']));
  });

  test('are read-only directories and the null device', () => {
    const { stdout, stderr } = masked(
      'grep -E "/sys/firmware|/proc/interrupts" /proc/mounts; mkdir /sys/firmware/x',
      {
        masks: ['/sys/firmware', '/proc/interrupts'],
      },
    );
    expect(stdout).toMatch(
      /masked \/sys\/firmware tmpfs ro,nosuid,nodev,noexec,.*\n.*tmpfs \/proc\/interrupts tmpfs rw,nosuid,/,
    );
    expect(stderr).toContain('Read-only file system');
  });

  test('may be anywhere in the root, and a link there does not lead out', () => {
    using scratch = new Scratch();
    const root = scratch.root();
    scratch.file('root/etc/secret', 'secret');
    mkdirSync(join(root, 'private'));
    scratch.file('root/private/key', 'key');
    symlinkSync('/etc/secret', join(root, 'alias'));
    const { stdout } = runContainer({
      root,
      script: 'cat /etc/secret; ls /private; echo done',
      parts: (handles) => ({
        init: maskPaths({
          ...places(handles),
          paths: ['/alias', '/private'],
          nullDevice: handles.own.nullDevice,
        }),
      }),
    });
    expect(stdout).toBe('done\n');
  });

  test('work on a kernel that cannot copy a detached mount (before 6.15)', () => {
    const { stdout, failure } = masked('ls -A /sys/firmware /sys/kernel /sys/class | grep -v :', {
      masks: ['/sys/firmware', '/sys/kernel', '/sys/class'],
      change: (program) => faultAt(program, 'hide the directory /sys/firmware', 'EINVAL', 'open_tree'),
    });
    expect(failure).toBeUndefined();
    expect(stdout.trim()).toBe('');
  });

  test('use a null device that a mount on /dev/null cannot replace', () => {
    using scratch = new Scratch();
    const evil = scratch.file('evil', 'not null');
    const { stdout } = runContainer({
      root: scratch.root(),
      script: 'cat /dev/null; stat -c %t:%T /proc/interrupts',
      parts: (handles) => ({
        init: [
          ...userMounts({
            mounts: planMounts([{ type: 'bind', source: evil, target: '/dev/null' }]),
            rootFd: handles.rootFd,
            privileged: false,
          }).init,
          ...maskPaths({
            ...places(handles),
            paths: ['/proc/interrupts'],
            nullDevice: handles.own.nullDevice,
          }),
        ],
      }),
    });
    expect(stdout).toBe('not null1:3\n');
  });

  test("work without default mounts, with the host's null device", () => {
    using scratch = new Scratch();
    const nullDevice = slot('null');
    const { stdout, failure } = runContainer({
      root: scratch.root(),
      script: 'stat -c %t:%T /etc/passwd',
      defaultMounts: false,
      parts: ({ rootFd }) => ({
        init: [
          ...hostNullDevice({ into: nullDevice }),
          ...maskPaths({ rootFd, paths: ['/etc/passwd'], nullDevice }),
        ],
      }),
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('1:3\n');
  });

  test('in a user namespace', () => {
    const map = [{ inside: 0, outside: 0, length: 65_536 }];
    const { stdout, failure } = masked('ls -A /sys/firmware; stat -c %t:%T /proc/interrupts', {
      namespaces: { user: 'new' },
      uidMap: map,
      gidMap: map,
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('1:3\n');
  });
});

describe('read-only paths', able, () => {
  const script =
    'echo 1 > /proc/sys/net/ipv4/ip_forward; echo x > /proc/sys/kernel/domainname; cat /proc/sys/kernel/ostype; echo 0 > /proc/self/oom_score_adj';

  test('cannot be written, the rest of /proc can', () => {
    const { stdout, stderr } = masked(script);
    expect(stdout).toBe('Linux\n');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  test('on a kernel without mount_setattr', () => {
    const { stderr, failure } = masked(script, { change: (program) => without(program, 'mount_setattr') });
    expect(failure).toBeUndefined();
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  test('keep nosuid, nodev and noexec', () => {
    const { stdout } = masked('grep " /proc/sys " /proc/mounts');
    expect(stdout).toMatch(/ro,nosuid,nodev,noexec/);
  });
});
