import type { CgroupLayout } from '@ns/cgroups';
import type { ContainerSpec } from '@ns/execdriver';
import { describe, expect, test } from 'vitest';

import { lxcConfig } from './config.js';
import { namesOf } from './names.js';

const V1: CgroupLayout = {
  kind: 'v1',
  hierarchies: ['memory', 'cpu', 'pids', 'devices'].map((name) => ({
    version: 1,
    mountPoint: `/sys/fs/cgroup/${name}`,
    controllers: [name],
    ownPath: '/',
  })),
};
const UNIFIED = {
  version: 2,
  mountPoint: '/sys/fs/cgroup',
  controllers: ['memory', 'pids'],
  ownPath: '/',
} as const;
const V2: CgroupLayout = { kind: 'v2', hierarchies: [UNIFIED], unified: UNIFIED };

const SPEC: ContainerSpec = {
  id: 'web',
  root: { kind: 'directory', path: '/srv/rootfs' },
  process: { args: ['true'], env: [] },
};

const configOf = (change: Partial<ContainerSpec> = {}, layout: CgroupLayout = V1): string[] => {
  const spec = { ...SPEC, ...change };
  const { cgroups } = namesOf(spec.id, '/run/ns/lxc', spec.cgroup);
  return lxcConfig(spec, { rootMount: '/usr/lib/lxc/rootfs', cgroups, layout }).split('\n').slice(0, -1);
};

const linesOf = (key: string, change?: Partial<ContainerSpec>, layout?: CgroupLayout): string[] =>
  configOf(change, layout)
    .filter((line) => line.startsWith(key))
    .map((line) => line.slice(line.indexOf(' = ') + 3));

describe('the configuration of a container', () => {
  test('of the plainest one', () => {
    expect(configOf({ resources: { devices: [{ allow: false, type: 'a' }] } })).toEqual([
      'lxc.rootfs.path = dir:/usr/lib/lxc/rootfs',
      'lxc.rootfs.mount = /usr/lib/lxc/rootfs',
      'lxc.namespace.clone = mnt pid uts ipc net cgroup',
      'lxc.net.0.type = empty',
      'lxc.cgroup.relative = 0',
      expect.stringMatching(/^lxc\.cgroup\.dir\.container = ns-lxc-[0-9a-f]{12}-web$/),
      expect.stringMatching(/^lxc\.cgroup\.dir\.monitor = ns-lxc-[0-9a-f]{12}-web\.monitor$/),
      expect.stringMatching(/^lxc\.cgroup\.dir\.monitor\.pivot = ns-lxc-[0-9a-f]{12}-web\.pivot$/),
      'lxc.cgroup.devices.deny = a',
      'lxc.console.path = none',
      'lxc.tty.max = 0',
      'lxc.pty.max = 0',
      'lxc.autodev = 0',
      'lxc.apparmor.profile = unconfined',
      'lxc.hook.mount = /proc/self/fd/51',
      'lxc.hook.stop = /proc/self/fd/52',
    ]);
  });

  test('makes the namespaces that are its own, and shares the others', () => {
    const namespaces = { pid: 'host', net: { pid: 42 }, ipc: { path: '/run/ipc' } } as const;
    expect(linesOf('lxc.namespace', { namespaces })).toEqual(
      ['mnt uts cgroup', '/proc/42/ns/ipc', '/proc/42/ns/net'].map((line) =>
        line.replace('/proc/42/ns/ipc', '/run/ipc'),
      ),
    );
    expect(linesOf('lxc.namespace.share.net', { namespaces })).toEqual(['/proc/42/ns/net']);
    expect(linesOf('lxc.net', { namespaces })).toEqual([]);
  });

  test('does not have LXC share a cgroup namespace, which it passes over', () => {
    const namespaces = { cgroup: { pid: 42 } } as const;
    expect(linesOf('lxc.namespace', { namespaces })).toEqual(['mnt pid uts ipc net']);
  });

  test('maps users', () => {
    const uidMap = [{ inside: 0, outside: 100_000, length: 65_536 }];
    const gidMap = [{ inside: 0, outside: 200_000, length: 10 }];
    const change = { namespaces: { user: 'new' }, uidMap, gidMap } as const;
    expect(linesOf('lxc.idmap', change)).toEqual(['u 0 100000 65536', 'g 0 200000 10']);
    expect(linesOf('lxc.namespace.clone', change)).toEqual(['mnt pid uts ipc net cgroup user']);
  });

  test('limits what it may use, by version 1', () => {
    const resources = {
      memory: { limitBytes: 1024 ** 2 * 64, memorySwapBytes: 'unlimited' },
      pids: { limit: 10 },
      cpu: { shares: 512 },
    } as const;
    expect(linesOf('lxc.cgroup.memory', { resources })).toEqual(['67108864']);
    expect(linesOf('lxc.cgroup.pids.max', { resources })).toEqual(['10']);
    expect(linesOf('lxc.cgroup.cpu.shares', { resources })).toEqual(['512']);
    expect(linesOf('lxc.cgroup.devices.deny', { resources })).toEqual(['a']);
    expect(linesOf('lxc.cgroup.devices.allow', { resources })).toContain('c 1:3 rwm');
  });

  test('and by version 2, where LXC makes a device program of the rules of version 1', () => {
    const change = { resources: { memory: { limitBytes: 1024 ** 2 * 64 }, pids: { limit: 10 } } };
    expect(linesOf('lxc.cgroup2.memory.max', change, V2)).toEqual(['67108864']);
    expect(linesOf('lxc.cgroup2.pids.max', change, V2)).toEqual(['10']);
    expect(linesOf('lxc.cgroup2.devices.deny', change, V2)).toEqual(['a']);
    expect(linesOf('lxc.cgroup2.devices.allow', change, V2)).toContain('c 5:2 rwm');
    expect(linesOf('lxc.cgroup.dev', change, V2)).toEqual([]);
  });

  test('ends with the words of the user, as they are and in their order', () => {
    const driverConfig = [
      ['lxc.cap.drop', 'sys_nice'],
      ['lxc.uts.name', 'other'],
      ['lxc.cap.drop', ''],
    ] as const;
    expect(configOf({ driverConfig, hostname: 'box' }).slice(-3)).toEqual([
      'lxc.cap.drop = sys_nice',
      'lxc.uts.name = other',
      'lxc.cap.drop = ',
    ]);
  });

  test.each<[string, Partial<ContainerSpec>]>([
    ['a host name', { hostname: 'box\nlxc.hook.start-host = /bin/evil' }],
    ['a cgroup', { cgroup: '/a\nlxc.hook.start-host = /bin/evil' }],
    ['a namespace', { namespaces: { net: { path: '/run/x\nlxc.hook.start-host = /bin/evil' } } }],
    [
      'a file of version 2',
      { resources: { unified: { 'memory.high': '1\nlxc.hook.start-host = /bin/evil' } } },
    ],
    ['a key', { driverConfig: [['lxc.a = b\nlxc.hook.start-host', '/bin/evil']] }],
    ['a value', { driverConfig: [['lxc.a', 'b\nlxc.hook.start-host = /bin/evil']] }],
  ])('never has another line from %s', (_, change) => {
    expect(() => configOf(change, V2)).toThrow(expect.objectContaining({ code: 'ERR_NS_INVALID_ARGUMENT' }));
  });
});
