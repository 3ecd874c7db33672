import { nativeModule } from '@ns/execdriver';
import { describe, expect, it } from 'vitest';

import { fakeMachine } from '../../test/fake-machine.js';
import { type ContainerRecord, NEVER_RUN } from './record.js';
import { containerSpec, hostnameOf, windowOf } from './spec.js';

/** A driver that can do everything. */
const ABLE = nativeModule.info.abilities;
const ID = 'abcdef012345'.padEnd(64, '0');

function record(
  config: ContainerRecord['config'] = {},
  hostConfig: ContainerRecord['hostConfig'] = {},
): ContainerRecord {
  return {
    version: 1,
    id: ID,
    name: 'box',
    created: '2026-01-01T00:00:00.000000000Z',
    image: 'busybox',
    root: { kind: 'image', id: 'sha256:b' },
    config,
    hostConfig,
    command: ['sh', '-c', 'true'],
    mounts: [],
    state: NEVER_RUN,
    restartCount: 0,
    manuallyStopped: false,
  };
}

const ETC = { type: 'bind', source: '/data/hosts', target: '/etc/hosts' } as const;

const spec = (...args: Parameters<typeof record>): ReturnType<typeof containerSpec> =>
  containerSpec(record(...args), {
    root: { kind: 'overlay', lower: ['/l'], upper: '/u', work: '/w' },
    hostHostname: 'machine',
    machine: fakeMachine(),
    abilities: ABLE,
    cgroupParent: '/ns',
    etc: [ETC],
    idsOf: () => undefined,
    pidOf: (name) => (name === 'other' ? 42 : Number.NaN),
  });

describe('containerSpec', () => {
  it('is this for a plain container', () => {
    expect(spec()).toMatchObject({
      id: ID,
      root: { kind: 'overlay', lower: ['/l'], upper: '/u', work: '/w' },
      hostname: 'abcdef012345',
      mounts: [ETC],
      process: {
        args: ['sh', '-c', 'true'],
        env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=abcdef012345'],
        cwd: '/',
        stdio: ['null', 'pipe', 'pipe'],
      },
    });
    expect(spec().process.capabilities).toHaveLength(14);
  });

  it('has no member that was not asked for, so that the driver decides', () => {
    expect(Object.keys(spec()).toSorted()).toEqual(['cgroup', 'hostname', 'id', 'mounts', 'process', 'root']);
    expect(Object.keys(spec().process).toSorted()).toEqual(['args', 'capabilities', 'cwd', 'env', 'stdio']);
  });

  it.each([
    [{ NetworkMode: 'host' }, { net: 'host' }],
    [{ NetworkMode: 'none' }, undefined],
    [{ NetworkMode: 'bridge' }, undefined],
    [{ NetworkMode: 'blue' }, undefined],
    [{ NetworkMode: 'container:other' }, { net: { pid: 42 } }],
    [{ PidMode: 'host' }, { pid: 'host' }],
    [
      { PidMode: 'container:other', IpcMode: 'container:other' },
      { pid: { pid: 42 }, ipc: { pid: 42 } },
    ],
    [{ IpcMode: 'shareable' }, undefined],
    [{ UTSMode: 'host' }, { uts: 'host' }],
    [{ CgroupnsMode: 'host' as const }, { cgroup: 'host' }],
    [{ UsernsMode: 'host' }, undefined],
  ])('namespaces of %j', (host, namespaces) => {
    expect(spec({}, host).namespaces).toEqual(namespaces);
  });

  it.each([
    [{ PidMode: 'none' }, "invalid mode 'none'"],
    [{ UTSMode: 'container:other' }, "invalid mode 'container:other'"],
    [{ IpcMode: 'none' }, "invalid mode 'none'"],
  ])('refuses %j', (host, message) => {
    expect(() => spec({}, host)).toThrow(message);
  });

  it('takes on what the request says of the process', () => {
    const { process, readonlyRoot, init, shmSizeBytes } = spec(
      { Tty: true, User: '1:2', WorkingDir: '/srv', Env: ['A=1'] },
      {
        ConsoleSize: [10, 20],
        GroupAdd: ['wheel'],
        CapDrop: ['ALL'],
        CapAdd: ['CAP_CHOWN'],
        SecurityOpt: ['no-new-privileges'],
        Ulimits: [{ Name: 'NOFILE', Soft: 10, Hard: -1 }],
        OomScoreAdj: 5,
        ReadonlyRootfs: true,
        Init: true,
        ShmSize: 4096,
      },
    );
    expect({ readonlyRoot, init, shmSizeBytes }).toEqual({
      readonlyRoot: true,
      init: true,
      shmSizeBytes: 4096,
    });
    expect(process).toMatchObject({
      user: '1:2',
      cwd: '/srv',
      groups: ['wheel'],
      terminal: { rows: 10, columns: 20 },
      capabilities: ['CHOWN'],
      noNewPrivileges: true,
      rlimits: [{ name: 'nofile', soft: 10, hard: 'unlimited' }],
      oomScoreAdj: 5,
    });
    expect(process.env).toContain('TERM=xterm');
    expect(process).not.toHaveProperty('stdio');
  });

  it('leaves paths unmasked when it is told to', () => {
    expect(spec({}, { SecurityOpt: ['systempaths=unconfined'] })).toMatchObject({
      maskedPaths: [],
      readonlyPaths: [],
    });
    expect(spec({}, { Privileged: true })).toMatchObject({ maskedPaths: [] });
    expect(spec({}, { MaskedPaths: ['/proc/x'] }).maskedPaths).toEqual(['/proc/x']);
  });

  it('lets a mount of the user take the place of a generated file', () => {
    const own = { type: 'bind', source: '/my/hosts', target: '/etc/hosts' } as const;
    const point = {
      Type: 'bind',
      Source: '/my/hosts',
      Destination: '/etc/hosts',
      Mode: '',
      RW: true,
      Propagation: '',
    } as const;
    const with_ = { ...record(), mounts: [{ spec: own, point, makeSource: true }] };
    const context = {
      root: { kind: 'directory', path: '/' } as const,
      hostHostname: 'm',
      machine: fakeMachine(),
      abilities: { ...ABLE, resources: false },
      cgroupParent: '/ns',
      etc: [ETC],
      idsOf: () => undefined,
      pidOf: () => 1,
    };
    expect(containerSpec(with_, context).mounts).toEqual([own]);
  });

  it('binds devices', () => {
    const Devices = [{ PathOnHost: '/dev/fuse', PathInContainer: '', CgroupPermissions: 'rwm' }];
    expect(spec({}, { Devices }).mounts?.at(-1)).toEqual({
      type: 'bind',
      source: '/dev/fuse',
      target: '/dev/fuse',
    });
  });

  it('does not set a name that is shared', () => {
    expect(spec({}, { UTSMode: 'host' })).not.toHaveProperty('hostname');
    expect(spec({ Domainname: 'example' })).toMatchObject({ domainname: 'example' });
  });

  it('refuses a working directory that is not absolute', () => {
    expect(() => spec({ WorkingDir: 'srv' })).toThrow("the working directory 'srv' is invalid");
  });
});

describe('hostnameOf', () => {
  it.each([
    [{}, {}, 'abcdef012345'],
    [{ Hostname: 'mine' }, { NetworkMode: 'host' }, 'mine'],
    [{}, { NetworkMode: 'host' }, 'machine'],
  ])('%j %j is %s', (config, host, name) => {
    expect(hostnameOf(record(config, host), 'machine')).toBe(name);
  });
});

describe('windowOf', () => {
  it.each([
    [undefined, { rows: 24, columns: 80 }],
    [[0, 0] as const, { rows: 24, columns: 80 }],
    [[5, 6] as const, { rows: 5, columns: 6 }],
  ])('%j', (size, window) => {
    expect(windowOf(size)).toEqual(window);
  });
});
