import { ALL_DEVICES, deviceState, DOCKER_DEFAULT_DEVICES } from '@ns/cgroups';
import { describe, expect, it } from 'vitest';

import { fakeMachine } from '../../test/fake-machine.js';
import { planDevices } from './devices.js';

const plan = (host: Parameters<typeof planDevices>[0]): ReturnType<typeof planDevices> =>
  planDevices(host, fakeMachine());
const bind = (source: string, target = source): object => ({ type: 'bind', source, target });
const device = (path: string, target = '', access = ''): object => ({
  Devices: [{ PathOnHost: path, PathInContainer: target, CgroupPermissions: access }],
});

describe('planDevices', () => {
  it('leaves the rules to the driver when there is nothing to add', () => {
    expect(plan({})).toEqual({ mounts: [] });
    expect(plan({ Devices: null, DeviceCgroupRules: null })).toEqual({ mounts: [] });
  });

  it('binds a node and allows it', () => {
    const { mounts, rules } = plan(device('/dev/fuse', '/dev/mine', 'rw'));
    expect(mounts).toEqual([bind('/dev/fuse', '/dev/mine')]);
    expect(rules).toEqual([
      ...DOCKER_DEFAULT_DEVICES,
      { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
    ]);
    expect(plan(device('/dev/sda')).rules?.at(-1)).toMatchObject({
      type: 'b',
      major: 8,
      minor: 0,
      access: 'rwm',
    });
  });

  it('follows symbolic links, and keeps the name', () => {
    expect(plan(device('/dev/disk/data')).mounts).toEqual([bind('/dev/sda', '/dev/disk/data')]);
  });

  it('takes a directory for all nodes below', () => {
    const { mounts, rules } = plan(device('/dev/snd', '/dev/sound', 'r'));
    expect(mounts).toEqual([
      bind('/dev/snd/timer', '/dev/sound/by-path/card'),
      bind('/dev/snd/timer', '/dev/sound/timer'),
    ]);
    const timer = { allow: true, type: 'c', major: 116, minor: 33, access: 'r' };
    expect(rules?.slice(-2)).toEqual([timer, timer]);
  });

  it('adds rules', () => {
    const { rules } = plan({ DeviceCgroupRules: ['c 42:* rmw', 'b *:* r'] });
    const { allowsAll, exceptions } = deviceState(rules ?? []);
    expect(allowsAll).toBe(false);
    expect([...exceptions.keys()]).toContain('c 42:*');
    expect([...exceptions.keys()]).toContain('c 1:3');
  });

  it('gives a privileged container everything, but for what it has of its own', () => {
    const { mounts, rules } = plan({ Privileged: true });
    expect(rules).toBe(ALL_DEVICES);
    expect(mounts).toEqual([bind('/dev/fuse'), bind('/dev/sda'), bind('/dev/snd/timer')]);
    const own = { PathOnHost: '/dev/fuse', PathInContainer: '/dev/sda', CgroupPermissions: 'rwm' };
    expect(plan({ Privileged: true, Devices: [own] }).mounts).toEqual([
      bind('/dev/fuse'),
      bind('/dev/snd/timer'),
      bind('/dev/fuse', '/dev/sda'),
    ]);
  });

  it.each([
    [device('/dev/nope'), 'custom device "/dev/nope": no such file or directory'],
    [device('/dev/log'), 'custom device "/dev/log": not a device node'],
    [device('/dev/empty'), 'custom device "/dev/empty": a directory without device nodes'],
    [device('relative'), 'must be absolute'],
    [device('/dev/fuse', '', 'rx'), 'invalid device mode: rx'],
    [{ DeviceCgroupRules: ['c 1 rwm'] }, "invalid device cgroup rule format: 'c 1 rwm'"],
    [
      { DeviceRequests: [{ Driver: '', Capabilities: [['gpu']] }] },
      'could not select device driver "" with capabilities: [[gpu]]',
    ],
  ])('refuses %j', (host, message) => {
    expect(() => plan(host)).toThrow(message);
  });
});
