import { readFileSync } from 'node:fs';

import { slot } from '@ns/syscall';
import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import {
  loopbackUp,
  openProc,
  planMounts,
  readonlyPaths,
  setNames,
  userMounts,
  writeSysctls,
} from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { runContainer, type ContainerOptions, type Outcome, type Parts, type Handles } from './container.js';

const able = needs('linux', 'root', 'busybox');

function run(
  script: string,
  init: (handles: Handles) => Parts['init'],
  options: Partial<ContainerOptions> = {},
): Outcome {
  using scratch = new Scratch();
  return runContainer({
    root: scratch.root(),
    script,
    parts: (handles) => ({ init: init(handles) ?? [] }),
    ...options,
  });
}

describe('names', able, () => {
  test("are the container's, and the host keeps its own", () => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    const name = 'a'.repeat(64);
    const { stdout } = run('cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname', () =>
      setNames({ hostname: name, domainname: 'example.net' }),
    );
    expect(stdout).toBe(`${name}\nexample.net\n`);
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before);
  });
});

describe('the loopback interface', able, () => {
  test('is up in a new net namespace', () => {
    const { stdout } = run('ifconfig lo; ping -c 1 -W 1 127.0.0.1 > /dev/null && echo reached', () =>
      loopbackUp(),
    );
    expect(stdout).toContain('inet addr:127.0.0.1');
    expect(stdout).toContain('UP LOOPBACK RUNNING');
    expect(stdout).toContain('reached');
  });

  test('is down without', () => {
    expect(run('ifconfig lo', () => []).stdout).not.toContain('UP');
  });
});

describe('sysctls', able, () => {
  const sysctls = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096', 'fs.mqueue.msg_max': '7' };
  const read = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max';
  const host = (): string =>
    ['net/ipv4/ip_forward', 'kernel/msgmax', 'fs/mqueue/msg_max']
      .map((path) => readFileSync(`/proc/sys/${path}`, 'utf8'))
      .join('');

  test("are written before /proc/sys is sealed, and the host's stay", () => {
    const before = host();
    const { stdout, failure } = run(read, ({ sources, own, rootFd }) => [
      ...writeSysctls({ sysctls, sources, proc: own.proc }),
      ...readonlyPaths({ rootFd, proc: own.proc, paths: ['/proc/sys'] }),
    ]);
    expect(failure).toBeUndefined();
    expect(stdout).toBe('1\n4096\n7\n');
    expect(host()).toBe(before);
  });

  test('are written without default mounts', () => {
    const proc = slot('proc');
    const { failure, status } = run(
      'true',
      ({ sources }) => [...openProc({ into: proc }), ...writeSysctls({ sysctls, sources, proc })],
      { defaultMounts: false },
    );
    expect(failure).toBeUndefined();
    expect(status).toBe(0);
  });

  test('that the kernel refuses say so', () => {
    const bad = (name: string, value: string): Outcome =>
      run('true', ({ sources, own }) =>
        writeSysctls({ sysctls: { [name]: value }, sources, proc: own.proc }),
      );
    expect(bad('net.ipv4.ip_forward', 'yes').failure?.error).toMatchObject({
      code: 'EINVAL',
      path: 'net.ipv4.ip_forward',
    });
    expect(bad('net.no.such', '1').failure?.error).toMatchObject({ code: 'ENOENT' });
    expect(bad('net.no.such', '1').failure?.error.hint).toContain('has no net.no.such');
  });

  test('are not redirected by a mount over them (CVE-2025-52881)', () => {
    using scratch = new Scratch();
    const source = scratch.directory('source');
    const { failure } = run('true', ({ sources, own, rootFd }) => {
      const mounts = [
        { ...planMounts([{ type: 'bind', source, target: '/tmp' }])[0]!, target: '/proc/sys/net' },
      ];
      const { init } = userMounts({ mounts, rootFd, privileged: false });
      // The check that a mount is not in /proc is left out: this is what a race would have achieved.
      const unchecked = init.map((step) =>
        step.op === 'group' ? { ...step, steps: step.steps.filter(({ op }) => op !== 'if') } : step,
      );
      return [...unchecked, ...writeSysctls({ sysctls, sources, proc: own.proc })];
    });
    expect(failure?.error).toMatchObject({ code: 'EXDEV', path: 'net.ipv4.ip_forward' });
  });
});
