import type { ContainerSpec } from '@ns/execdriver';
import { expect, test } from 'vitest';

import { checkSpec } from './check.js';

const SPEC: ContainerSpec = {
  id: 'web',
  root: { kind: 'directory', path: '/srv/rootfs' },
  process: { args: ['true'], env: [] },
};
const map = [{ inside: 0, outside: 100_000, length: 65_536 }];
const users = { namespaces: { user: 'new' }, uidMap: map, gidMap: map } as const;

test.each<[string, Partial<ContainerSpec>]>([
  [
    'everything that is usual',
    { hostname: 'box', cgroup: '/ns/web', driverConfig: [['lxc.cap.drop', 'sys_nice']] },
  ],
  ['users of its own', users],
  ['clocks of its own', { namespaces: { time: 'new' }, timeOffsets: { boottimeNs: 5n } }],
  ['a slave mount', { mounts: [{ type: 'bind', source: '/srv', target: '/mnt', propagation: 'rslave' }] }],
  ['an interface', { network: { interfaces: [{ name: 'eth0', link: { kind: 'veth', hostName: 'v0' } }] } }],
])('LXC can have %s', (_, change) => {
  expect(() => checkSpec({ ...SPEC, ...change })).not.toThrow();
});

test.each<[string, Partial<ContainerSpec>, string]>([
  ['a shared user namespace', { namespaces: { user: { pid: 1 } } }, 'ERR_NS_UNSUPPORTED'],
  ['a shared time namespace', { namespaces: { time: { pid: 1 } } }, 'ERR_NS_UNSUPPORTED'],
  [
    'clocks of its own without a procfs',
    { namespaces: { time: 'new' }, defaultMounts: false },
    'ERR_NS_UNSUPPORTED',
  ],
  [
    'a mount that spreads to the host',
    { mounts: [{ type: 'bind', source: '/srv', target: '/mnt', propagation: 'rshared' }] },
    'ERR_NS_UNSUPPORTED',
  ],
  ['interfaces with users of its own', { ...users, network: { interfaces: [] } }, 'ERR_NS_UNSUPPORTED'],
  [
    'interfaces in the network of the host',
    { namespaces: { net: 'host' }, network: { interfaces: [] } },
    'ERR_NS_INVALID_ARGUMENT',
  ],
  ['a cgroup of two lines', { cgroup: '/a\nb' }, 'ERR_NS_INVALID_ARGUMENT'],
  ['a mount on /proc', { mounts: [{ type: 'tmpfs', target: '/proc/x' }] }, 'ERR_NS_INVALID_ARGUMENT'],
  ['a sysctl of the machine', { sysctls: { 'kernel.panic': '1' } }, 'ERR_NS_INVALID_ARGUMENT'],
])('LXC cannot have %s', (_, change, code) => {
  expect(() => checkSpec({ ...SPEC, ...change })).toThrow(
    expect.objectContaining({ code, hint: expect.stringMatching(/.{10,}/) }),
  );
});
