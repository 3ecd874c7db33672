import { expect, test } from 'vitest';

import { parseCgroupLayout } from './cgroup-layout.js';

test('version 2', () => {
  const mountinfo = `22 1 8:1 / / rw - ext4 /dev/sda rw
30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate`;
  expect(parseCgroupLayout(mountinfo, '0::/system.slice/engine.service\n')).toEqual({
    version: 2,
    hierarchies: [
      { type: 'cgroup2', name: '', options: [], ownDirectory: '/sys/fs/cgroup/system.slice/engine.service' },
    ],
    links: [],
  });
});

test('hybrid, with controllers that share a hierarchy', () => {
  const mountinfo = `30 22 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs rw
31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
32 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
35 30 0:31 / /elsewhere/pids rw - cgroup cgroup rw,pids`;
  const cgroup = `5:pids:/\n4:memory:/a b\n3:cpu,cpuacct:/\n1:name=systemd:/x\n0::/y\n`;
  const layout = parseCgroupLayout(mountinfo, cgroup);
  expect(layout.version).toBe(1);
  expect(layout.hierarchies.map(({ name, ownDirectory }) => [name, ownDirectory])).toEqual([
    ['cpu,cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
    ['memory', '/sys/fs/cgroup/memory/a b'],
    ['systemd', '/sys/fs/cgroup/systemd/x'],
    ['unified', '/sys/fs/cgroup/unified/y'],
  ]);
  expect(layout.hierarchies[2]!.options).toEqual(['name=systemd']);
  expect(layout.links).toEqual([
    { name: 'cpu', to: 'cpu,cpuacct' },
    { name: 'cpuacct', to: 'cpu,cpuacct' },
  ]);
});

test('inside a container, where a part of the hierarchy is mounted', () => {
  const mountinfo = String.raw`31 30 0:27 /docker/a\040b /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory`;
  expect(parseCgroupLayout(mountinfo, '4:memory:/docker/a b/child\n').hierarchies).toEqual([
    { type: 'cgroup', name: 'memory', options: ['memory'], ownDirectory: '/sys/fs/cgroup/memory/child' },
  ]);
});

test('what another mount covers is not there', () => {
  const mountinfo = `20 1 8:1 / / rw - ext4 /dev/sda rw
30 20 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs rw
31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
32 30 0:28 /.. /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
40 30 0:29 / /sys/fs/cgroup rw - tmpfs tmpfs rw
41 40 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`;
  expect(parseCgroupLayout(mountinfo, '4:memory:/own\n0::/own\n').hierarchies).toEqual([
    { type: 'cgroup', name: 'memory', options: ['memory'], ownDirectory: '/sys/fs/cgroup/memory/own' },
  ]);
});

test('no control groups at all', () => {
  expect(parseCgroupLayout('', '')).toEqual({ version: 1, hierarchies: [], links: [] });
});

test('of a text that ends in a line feed, as the kernel’s does', () => {
  const mountinfo = '30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
  expect(parseCgroupLayout(mountinfo, '0::/\n').hierarchies).toHaveLength(1);
});
