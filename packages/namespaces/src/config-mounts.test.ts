import { explain, MOUNT_ATTR, type Step } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { configMounts, type ConfigMount } from './config-mounts.js';
import { linkDevices, makeDevices } from './device-nodes.js';

const NOTHING = { set: 0, clear: 0 };
const mount = (other: Partial<ConfigMount>): ConfigMount => ({
  target: '/data',
  type: 'tmpfs',
  source: 'tmpfs',
  attributes: NOTHING,
  data: [],
  propagation: [],
  ...other,
});
const plan = (
  mounts: readonly ConfigMount[],
  other: { readonly privileged?: boolean } = {},
): ReturnType<typeof configMounts> =>
  configMounts({
    mounts,
    rootFd: 9,
    privileged: true,
    kindOf: () => 'directory',
    propagation: 'rslave',
    ...other,
  });
const text = (steps: readonly Step[]): string =>
  explain({ title: 'test', steps: [...steps], statusFd: 3, failureStatus: 127 });

describe('configMounts', () => {
  test('opens sources on the host, and puts them below the root’s descriptor', () => {
    const bind = mount({
      bind: 'rbind',
      source: '/srv/data',
      attributes: { set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, clear: 0 },
    });
    const { host, init } = plan([bind]);
    expect(text(host)).toContain(
      'open_tree(AT_FDCWD, "/srv/data", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE)',
    );
    expect(text(init)).not.toContain('/srv/data');
    expect(text(init)).toContain('openat2(9, "data"');
    expect(text(init)).toContain('make the mount on /data rslave');
    expect(text(init)).toContain('{attr_set: MOUNT_ATTR_RDONLY');
  });

  test('changes what is mounted, and makes nothing', () => {
    const { host, init, at } = plan([
      mount({ target: '/sys/fs/cgroup', bind: 'bind', remount: true, attributes: { set: 1, clear: 0 } }),
    ]);
    expect(host).toEqual([]);
    expect(at.size).toBe(0);
    expect(text(init)).toContain('find the mount on /sys/fs/cgroup');
    expect(text(init)).toContain('{attr_set: MOUNT_ATTR_RDONLY');
    expect(text(init)).not.toMatch(/move_mount|open_tree|fsopen|propagation: MS_/);
  });

  test('leaves sources to the first process of a container without privilege', () => {
    const { host, init } = plan([mount({ bind: 'bind', source: '/srv/data' })], { privileged: false });
    expect(host).toEqual([]);
    expect(text(init)).toContain('"/srv/data"');
  });

  test('says where file systems are, unless something else was put there', () => {
    const { at } = plan([
      mount({ target: '/proc', type: 'proc' }),
      mount({ target: '/sys', type: 'sysfs' }),
      mount({ target: '/sys', type: 'bind', bind: 'rbind', source: '/sys' }),
    ]);
    expect([...at.keys()]).toEqual(['/proc']);
  });

  test('makes /dev read-only after its nodes were made', () => {
    const { init, late } = plan([
      mount({ target: '/dev', attributes: { set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, clear: 0 } }),
    ]);
    expect(text(init)).not.toContain('MOUNT_ATTR_RDONLY');
    expect(text(late)).toContain('MOUNT_ATTR_RDONLY');
  });

  test('clears the whole field of access times to set one of them', () => {
    const bind = mount({
      bind: 'bind',
      source: '/a',
      attributes: { set: MOUNT_ATTR.MOUNT_ATTR_NOATIME, clear: 0 },
    });
    expect(text(plan([bind]).init)).toContain('attr_clr: MOUNT_ATTR_NOATIME|MOUNT_ATTR_STRICTATIME');
  });

  test.each([
    ['/', 'would hide the container'],
    ['/proc/sys', 'is inside /proc'],
    ['/../x', 'leads out of the root'],
    ['x', 'is not absolute'],
  ])('refuses %s', (target, words) => {
    expect(() => plan([mount({ target })])).toThrow(words);
  });

  test('takes what covers files of lxcfs', () => {
    expect(() => plan([mount({ target: '/proc/uptime', bind: 'bind', source: '/a' })])).not.toThrow();
  });
});

describe('makeDevices', () => {
  const device = {
    path: '/dev/fuse',
    type: 'c',
    major: 10,
    minor: 229,
    mode: 0o600,
    uid: 0,
    gid: 5,
  } as const;

  test('makes a node with its owner, and binds the host’s where that is refused', () => {
    const steps = text(makeDevices({ rootFd: 9, devices: [device], bind: false }));
    expect(steps).toContain('S_IFCHR|0600, makedev(10, 229))');
    expect(steps).toContain('give /dev/fuse to 0:5');
    expect(steps).toContain('bind /dev/fuse of the host');
  });

  test('only binds in a user namespace, but makes fifos', () => {
    const steps = text(
      makeDevices({
        rootFd: 9,
        devices: [device, { ...device, path: '/dev/pipe', type: 'p', major: 0, minor: 0 }],
        bind: true,
      }),
    );
    expect(steps).not.toContain('S_IFCHR|0600');
    expect(steps).toContain('S_IFIFO|0600');
  });

  test('refuses a path that leaves the root', () => {
    expect(() => makeDevices({ rootFd: 9, devices: [{ ...device, path: '/../x' }], bind: false })).toThrow(
      'leads out of the root',
    );
  });
});

test('links of /dev that exist stay as they are', () => {
  expect(text(linkDevices({ rootFd: 9 }))).toContain('(EEXIST is fine)');
});
