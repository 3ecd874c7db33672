import { explain } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import type { ContainerSpec } from '../contract.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { guestProgram } from './init.js';
import { planGuest } from './system.js';
import { UML_LINES, VIRTIO } from './transport.js';

const SPEC: ContainerSpec = {
  id: 'a',
  root: { kind: 'directory', path: '/srv/a' },
  process: { args: ['sh'], env: [] },
};

function program(change: Partial<ContainerSpec> = {}, transport: typeof VIRTIO = VIRTIO): string {
  const plan = planGuest({ ...SPEC, ...change });
  return explain(
    guestProgram({
      transport,
      modules: 2,
      plan,
      facts: {
        identity: { uid: 0, gid: 0, groups: [] },
        env: [],
        rlimits: [],
        highestCapability: 40,
        filter: undefined,
        joining: undefined,
        root: DESCRIPTOR.root,
        mountPoint: '/',
        cgroups: undefined,
      },
    }),
  );
}

/** The calls in their order, each once. */
const order = (text: string, ...calls: readonly string[]): number[] =>
  calls.map((call) => text.indexOf(call));

const isAscending = (places: readonly number[]): boolean =>
  places.every((place, index) => place !== -1 && (index === 0 || place > places[index - 1]!));

describe('the first process of a guest', () => {
  test('makes the kernel usable, starts the container in namespaces of its own, and ends the machine', () => {
    const places = order(
      program(),
      'finit_module',
      'mount("root", "/machine", "tmpfs"',
      'mount("host", "/host", "9p"',
      'open_tree(AT_FDCWD, "/host/root"',
      'clone3({flags: CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET',
      'pivot_root',
      'execve',
      'reboot(',
    );
    expect(places).toSatisfy(isAscending);
  });

  test('loads as many modules as there are', () => {
    expect(program().match(/finit_module\(/g)).toHaveLength(2);
  });

  test('opens no device among the files that the host shares', () => {
    expect(program()).toMatch(/mount\("host", "\/host", "9p", MS_NODEV/);
    expect(program({}, UML_LINES)).toMatch(/mount\("host", "\/host", "hostfs", MS_NODEV, "\/export"\)/);
  });

  test('takes the sources of mounts from what the host shares, whatever they are called there', () => {
    const text = program({ mounts: [{ type: 'bind', source: '/etc', target: '/mnt' }] });
    expect(text).toContain('"/host/mount-0"');
    expect(text).not.toContain('open_tree(AT_FDCWD, "/etc"');
  });

  test('has the container’s limits of its own, not the host’s cgroups', () => {
    expect(() => planGuest({ ...SPEC, cgroup: '/a', resources: { pids: { limit: 5 } } })).not.toThrow();
    expect(program({ resources: { pids: { limit: 5 } } })).not.toContain('pids');
  });

  test('takes commands by number, for the container and for each program that is executed', () => {
    const text = program();
    expect(text.match(/execve\("\/host\/programs\/\d", /g)).toHaveLength(6);
    expect(text).toContain('kill(container, value)');
  });

  test('can be sent commands before the host hears that it can', () => {
    for (const [transport, port] of [
      [UML_LINES, '/dev/ttyS4'],
      [VIRTIO, '/dev/vport0p4'],
    ] as const)
      expect(order(program({}, transport), 'clone3(', `"${port}"`, 'wait for the program to run')).toSatisfy(
        isAscending,
      );
  });

  test('leaves the pipe for failures to an init, which passes it on', () => {
    expect(program({ init: true })).toMatch(/dup3\(status pipe, write end, 3, 0\)/);
  });
});
