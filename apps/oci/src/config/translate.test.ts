import { MOUNT_ATTR } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { exampleConfig } from '../commands/spec.js';
import type { OciMount } from '../plan.js';
import { knownMountOptions, readMountOptions } from './mount-options.js';
import { planOf, sample, withLinux, withProcess } from './sample.js';

const { MOUNT_ATTR_RDONLY: RDONLY, MOUNT_ATTR_NOSUID: NOSUID, MOUNT_ATTR_NODEV: NODEV } = MOUNT_ATTR;
const { MOUNT_ATTR_NOEXEC: NOEXEC, MOUNT_ATTR__ATIME: ATIME, MOUNT_ATTR_NOATIME: NOATIME } = MOUNT_ATTR;

const mounted = (members: object): OciMount => {
  const [mount] = planOf(sample({ mounts: [{ destination: '/x', ...members }] })).mounts;
  if (mount === undefined) throw new Error('no mount');
  return mount;
};

describe('mount options', () => {
  test.each<[string[], Partial<ReturnType<typeof readMountOptions>>]>([
    [
      [],
      { attributes: { set: 0, clear: 0 }, recursive: undefined, bind: undefined, copyUp: false, data: [] },
    ],
    [
      ['ro', 'nosuid', 'nodev', 'noexec'],
      { attributes: { set: RDONLY | NOSUID | NODEV | NOEXEC, clear: 0 } },
    ],
    [['ro', 'rw'], { attributes: { set: 0, clear: RDONLY } }],
    [['rw', 'ro'], { attributes: { set: RDONLY, clear: 0 } }],
    [['noatime'], { attributes: { set: NOATIME, clear: ATIME } }],
    [['noatime', 'strictatime'], { attributes: { set: 0x20, clear: ATIME } }],
    [['strictatime', 'relatime'], { attributes: { set: 0, clear: ATIME } }],
    [['noatime', 'ro'], { attributes: { set: NOATIME | RDONLY, clear: ATIME } }],
    [['rro'], { attributes: { set: 0, clear: 0 }, recursive: { set: RDONLY, clear: 0 } }],
    [
      ['ro', 'rrw', 'rnosuid'],
      { attributes: { set: RDONLY, clear: 0 }, recursive: { set: NOSUID, clear: RDONLY } },
    ],
    [['rnoatime'], { recursive: { set: NOATIME, clear: ATIME } }],
    // What begins with an r of its own is not the recursive form of something else.
    [['relatime', 'rprivate', 'rbind'], { bind: 'rbind', propagation: ['rprivate'], recursive: undefined }],
    [['rrelatime'], { recursive: { set: 0, clear: ATIME } }],
    [['shared', 'runbindable'], { propagation: ['shared', 'runbindable'] }],
    [['bind', 'rbind'], { bind: 'rbind' }],
    [['ridmap'], { idMap: 'ridmap' }],
    [['tmpcopyup', 'size=64m', 'mode=1777'], { copyUp: true, data: ['size=64m', 'mode=1777'] }],
    [['sync', 'lazytime', 'async', 'acl'], { data: ['lazytime', 'acl'] }],
    [['defaults', 'loud', 'nomand', ''], { attributes: { set: 0, clear: 0 }, data: [] }],
    [['toString', '__proto__'], { data: ['toString', '__proto__'] }],
  ])('%j', (options, expected) => expect(readMountOptions(options)).toMatchObject(expected));

  test('are listed as known, each exactly once', () => {
    const known = knownMountOptions();
    expect(known).toEqual([...new Set(known)]);
    // Those of runc.
    expect(known).toContain('remount');
    const recursive = [
      'ro',
      'rw',
      'suid',
      'nosuid',
      'dev',
      'nodev',
      'exec',
      'noexec',
      'atime',
      'noatime',
      'relatime',
    ];
    expect(known).toEqual(expect.arrayContaining(recursive.flatMap((name) => [name, `r${name}`])));
    for (const option of known)
      expect(readMountOptions([option]).data).not.toContain(option === 'sync' ? '' : `${option}=`);
  });
});

describe('mounts', () => {
  test('of a file system', () => {
    expect(mounted({ type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'size=65536k'] })).toEqual({
      target: '/x',
      type: 'tmpfs',
      source: 'tmpfs',
      attributes: { set: NOSUID, clear: 0 },
      recursive: undefined,
      propagation: [],
      data: ['size=65536k'],
      copyUp: false,
      field: 'mounts[0]',
    });
  });

  test('of a device are read-only as a whole, of a pseudo file system as a mount', () => {
    expect(mounted({ type: 'ext4', source: '/dev/sda1', options: ['ro'] }).data).toEqual(['ro']);
    expect(mounted({ type: 'sysfs', options: ['ro'] }).data).toEqual([]);
  });

  test('bind by option, or by type alone; relative sources are in the bundle', () => {
    expect(mounted({ source: 'data', options: ['rbind', 'ro', 'size=1'] })).toMatchObject({
      bind: 'rbind',
      type: 'bind',
      source: '/b/data',
      data: [],
    });
    expect(mounted({ type: 'bind', source: '/data' })).toMatchObject({ bind: 'bind', source: '/data' });
  });

  test('change what is mounted, with bind', () => {
    expect(mounted({ source: '/any', options: ['remount', 'bind', 'ro'] })).toMatchObject({
      remount: true,
      attributes: { set: RDONLY, clear: 0 },
      data: [],
    });
  });

  test('on shortened places, which old callers write without a slash', () => {
    const target = (destination: string): string => mounted({ destination, type: 'tmpfs' }).target;
    expect(target('/a//b/./c/../d/')).toBe('/a/b/d');
    expect(target('run')).toBe('/run');
  });

  test('over files of /proc that lxcfs provides', () => {
    const bind = { source: '/var/lib/lxcfs/proc/meminfo', options: ['bind'] };
    expect(mounted({ destination: '/proc/meminfo', ...bind }).target).toBe('/proc/meminfo');
    expect(() => mounted({ destination: '/proc/kmsg', ...bind })).toThrow('lies in /proc');
    expect(mounted({ destination: '/proc', source: '/proc', options: ['rbind'] }).bind).toBe('rbind');
  });

  test('with ids of their own', () => {
    const maps = {
      uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      gidMappings: [{ containerID: 5, hostID: 2000, size: 1 }],
    };
    expect(mounted({ source: '/d', options: ['rbind', 'ridmap'], ...maps }).idMap).toEqual({
      uids: [{ inside: 0, outside: 1000, length: 10 }],
      gids: [{ inside: 5, outside: 2000, length: 1 }],
      recursive: true,
    });
    expect(mounted({ source: '/d', options: ['rbind'], ...maps }).idMap?.recursive).toBe(false);
  });
});

describe('a process', () => {
  test('has what its configuration says', () => {
    const { process } = planOf(
      withProcess({
        user: { uid: 1, gid: 2, umask: 0o27, additionalGids: [3, 4] },
        env: ['A=1=2', 'B='],
        noNewPrivileges: true,
        apparmorProfile: 'own',
        oomScoreAdj: -5,
        rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }],
        ioPriority: { class: 'IOPRIO_CLASS_IDLE', priority: 7 },
        scheduler: {
          policy: 'SCHED_DEADLINE',
          flags: ['SCHED_FLAG_RECLAIM'],
          runtime: 1e7,
          deadline: 2e7,
          period: 3e7,
        },
        execCPUAffinity: { initial: '0-1', final: '' },
      }),
    );
    expect(process).toMatchObject({ uid: 1, gid: 2, terminal: false, ioPriority: { class: 3, priority: 7 } });
    expect(process?.spec).toEqual({
      args: ['true'],
      env: ['A=1=2', 'B='],
      cwd: '/',
      user: '1:2',
      groups: ['3', '4'],
      capabilities: [],
      noNewPrivileges: true,
      seccomp: 'unconfined',
      rlimits: [{ name: 'nofile', soft: 1024, hard: 4096 }],
      stdio: [{ fd: 0 }, { fd: 1 }, { fd: 2 }],
      apparmor: 'own',
      oomScoreAdj: -5,
      umask: 0o27,
    });
    expect(process?.scheduler).toEqual({
      policy: 6,
      flags: 2,
      nice: 0,
      priority: 0,
      runtime: 10_000_000n,
      deadline: 20_000_000n,
      period: 30_000_000n,
    });
    expect(process?.execCpuAffinity).toEqual({ initial: '0-1', final: undefined });
  });

  test('with limits that are none: 2^64 - 1', () => {
    const text = JSON.stringify(withProcess({ rlimits: [{ type: 'RLIMIT_CORE', soft: 5, hard: 7 }] }));
    const { process } = planOf(text.replace('7', '18446744073709551615'));
    expect(process?.spec.rlimits).toEqual([{ name: 'core', soft: 5, hard: 'unlimited' }]);
    expect(() => planOf(text.replace('7', '18446744073709551616'))).toThrow(
      'process.rlimits[0].hard: 18446744073709551616 is no unsigned integer of 64 bits',
    );
  });

  test('with a terminal, of a size that may be said', () => {
    const terminal = { terminal: true, consoleSize: { height: 25, width: 90 } };
    expect(planOf(withProcess(terminal)).process).toMatchObject({
      terminal: true,
      consoleSize: { rows: 25, columns: 90 },
    });
    const { process } = planOf(withProcess({ terminal: true, consoleSize: { height: 0, width: 0 } }));
    expect(process?.consoleSize).toBeUndefined();
    expect(process?.spec.stdio).toBeUndefined();
  });

  test('with capabilities that are unknown, or cannot be: a warning', () => {
    const warnings: string[] = [];
    const bounding = ['CAP_KILL', 'CAP_TIME_TRAVEL', 'CAP_KILL'];
    const capabilities = {
      bounding,
      permitted: ['CAP_KILL', 'CAP_CHOWN'],
      inheritable: ['CAP_CHOWN'],
      ambient: ['CAP_KILL', 'CAP_CHOWN'],
    };
    const { process } = planOf(withProcess({ capabilities }), { warn: (message) => warnings.push(message) });
    expect(process?.capabilities).toEqual({
      bounding: ['KILL'],
      effective: [],
      permitted: ['KILL', 'CHOWN'],
      inheritable: ['CHOWN'],
      ambient: ['CHOWN'],
    });
    expect(warnings).toEqual([
      'process.capabilities.bounding[1]: unknown capability "CAP_TIME_TRAVEL" is ignored',
      'process.capabilities.ambient: what is not both permitted and inheritable is left out',
    ]);
  });

  test('need not be there: a container to be created only', () => {
    expect(planOf(sample({ process: undefined }))).toMatchObject({
      process: undefined,
      spec: { process: { args: [] } },
    });
  });
});

describe('linux', () => {
  test('namespaces: new, joined, and the host’s', () => {
    const namespaces = [
      { type: 'mount' },
      { type: 'network', path: '/run/netns/a' },
      { type: 'pid', path: '' },
      { type: 'time' },
    ];
    const timeOffsets = { monotonic: { secs: -2, nanosecs: 5 }, boottime: { secs: 3 } };
    const { spec } = planOf(withLinux({ namespaces, timeOffsets }));
    expect(spec.namespaces).toEqual({
      user: 'host',
      mnt: 'new',
      pid: 'new',
      uts: 'host',
      ipc: 'host',
      net: { path: '/run/netns/a' },
      cgroup: 'host',
      time: 'new',
    });
    expect(spec.timeOffsets).toEqual({ monotonicNs: -1_999_999_995n, boottimeNs: 3_000_000_000n });
  });

  test('devices: the default ones, and those that are asked for, which come first', () => {
    const devices = [
      { path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o100600, uid: 5 },
      { path: '/dev/pipe', type: 'p' },
      { path: '/dev/raw', type: 'u', major: 9, minor: 9 },
    ];
    const planned = planOf(withLinux({ devices })).devices;
    expect(planned.map(({ path }) => path)).toEqual(
      ['random', 'full', 'tty', 'zero', 'urandom', 'null', 'pipe', 'raw'].map((name) => `/dev/${name}`),
    );
    expect(planned.slice(-3)).toEqual([
      { path: '/dev/null', type: 'c', major: 1, minor: 3, mode: 0o600, uid: 5, gid: 0 },
      { path: '/dev/pipe', type: 'p', major: 0, minor: 0, mode: 0o666, uid: 0, gid: 0 },
      { path: '/dev/raw', type: 'c', major: 9, minor: 9, mode: 0o666, uid: 0, gid: 0 },
    ]);
  });

  test('resources, in numbers that runtimes are given', () => {
    const resources = {
      memory: { limit: 64e6, swap: -1, swappiness: 60 },
      cpu: { shares: 512, quota: 20_000, period: 100_000, cpus: '0' },
      pids: { limit: 10 },
      blockIO: { weight: 0 },
      hugepageLimits: [{ pageSize: '2MB', limit: 4096 }],
      unified: { 'memory.high': '1000000' },
    };
    expect(planOf(withLinux({ resources })).spec.resources).toMatchObject({
      memory: { limitBytes: 64e6, memorySwapBytes: 'unlimited', swappiness: 60 },
      cpu: { shares: 512, quotaUs: 20_000, periodUs: 100_000 },
      cpuset: { cpus: '0' },
      pids: { limit: 10 },
      hugetlb: [{ pageSize: '2MB', limitBytes: 4096 }],
      unified: { 'memory.high': '1000000' },
    });
    const text = JSON.stringify(withLinux({ resources: { memory: { limit: 1, swappiness: 2 } } }));
    const docker = text.replace(':1,', ':9223372036854771712,').replace(':2}', ':18446744073709551615}');
    expect(planOf(docker).spec.resources?.memory).toEqual({ limitBytes: 'unlimited' });
  });

  test('devices that may be used: nothing, unless it is said; what all may; none without the right to limit', () => {
    const rules = (members: object, options = {}): unknown =>
      planOf(withLinux(members), options).spec.resources?.devices;
    expect(rules({})).toHaveLength(12);
    expect((rules({}) as object[])[0]).toEqual({ allow: false, type: 'a' });
    const given = { resources: { devices: [{ allow: true, access: 'rwm' }] } };
    expect((rules(given) as object[])[0]).toEqual({
      allow: true,
      type: 'a',
      major: '*',
      minor: '*',
      access: 'rwm',
    });
    expect(rules(given, { rootless: true })).toBeUndefined();
  });

  test('cgroups by path and by unit', () => {
    const cgroup = (cgroupsPath: string | undefined, systemdCgroup = false): unknown =>
      planOf(withLinux({ cgroupsPath }), { systemdCgroup }).cgroup;
    expect(cgroup('/a//b/./c')).toEqual({ kind: 'path', path: '/a/b/c' });
    expect(cgroup('a/b')).toEqual({ kind: 'path', path: '/a/b' });
    expect(cgroup(undefined)).toBeUndefined();
    const unit = (slice: string, prefix: string, name: string): object => ({
      kind: 'systemd',
      slice,
      prefix,
      name,
    });
    expect(cgroup('system.slice:docker:1234', true)).toEqual(unit('system.slice', 'docker', '1234'));
    expect(cgroup(':libpod:1234', true)).toEqual(unit('', 'libpod', '1234'));
    expect(cgroup('-.slice:a:b', true)).toEqual(unit('-.slice', 'a', 'b'));
    expect(cgroup(undefined, true)).toEqual(unit('', 'ns-oci', 'box'));
    for (const wrong of [
      '/docker/1234',
      'a:b',
      'a:b:c',
      'a.slice:b:c/d',
      'a.slice:b:',
      'a--b.slice:c:d',
      'a.slice:b:c:d',
    ]) {
      expect(() => cgroup(wrong, true)).toThrow('config.json: linux.cgroupsPath: ');
    }
  });

  test('seccomp: all bits of its numbers; nothing when it is empty', () => {
    const filter = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        {
          names: ['personality'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 5, op: 'SCMP_CMP_EQ' }],
        },
      ],
    };
    const text = JSON.stringify(withLinux({ seccomp: filter })).replace(':5,', ':18446744073709551615,');
    expect(planOf(text).process?.spec.seccomp).toMatchObject({
      syscalls: [{ args: [{ value: 0xffff_ffff_ffff_ffffn }] }],
    });
    expect(planOf(withLinux({ seccomp: {} })).process?.spec.seccomp).toBe('unconfined');
    const listening = {
      ...filter,
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
      listenerPath: '/run/s',
      listenerMetadata: 'm',
    };
    expect(planOf(withLinux({ seccomp: listening })).process?.spec.seccomp).toMatchObject({
      listenerPath: '/run/s',
      listenerMetadata: 'm',
    });
  });

  test('the rest', () => {
    const plan = planOf({
      ...withLinux({
        namespaces: [{ type: 'mount' }, { type: 'uts' }, { type: 'user' }, { type: 'network' }],
        uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
        gidMappings: [{ containerID: 0, hostID: 1001, size: 1 }],
        sysctl: { 'net.ipv4.ip_forward': '1' },
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
        rootfsPropagation: 'rslave',
        personality: { domain: 'LINUX32' },
        netDevices: { eth7: { name: 'eth0' }, eth8: {} },
        memoryPolicy: { mode: 'MPOL_BIND', nodes: '2,0-1', flags: ['MPOL_F_STATIC_NODES'] },
        intelRdt: { closID: '', enableCMT: false },
      }),
      hostname: 'a',
      domainname: 'b',
      annotations: { 'x.y': 'z' },
      hooks: { poststop: [{ path: '/bin/a', args: ['a', 'b'], timeout: 5 }] },
      ociVersion: '1.0.2-dev',
    });
    expect(plan).toMatchObject({
      spec: {
        hostname: 'a',
        domainname: 'b',
        uidMap: [{ inside: 0, outside: 1000, length: 1 }],
        gidMap: [{ inside: 0, outside: 1001, length: 1 }],
        sysctls: { 'net.ipv4.ip_forward': '1' },
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
      },
      rootfsPropagation: 'rslave',
      personality: 8,
      netDevices: { eth7: 'eth0', eth8: 'eth8' },
      memoryPolicy: { mode: 0x8002, nodes: [0, 1, 2] },
      annotations: { 'x.y': 'z' },
      hooks: { prestart: [], poststop: [{ path: '/bin/a', args: ['a', 'b'], env: [], timeoutSeconds: 5 }] },
      ociVersion: '1.0.2-dev',
    });
  });
});

test.each([
  ['root', undefined],
  ['a user', { uid: 1000, gid: 1001 }],
])('what spec writes for %s is a configuration', (_name, owner) => {
  const plan = planOf(exampleConfig(owner), { rootless: owner !== undefined });
  expect(plan.spec.namespaces?.user).toBe(owner ? 'new' : 'host');
  expect(plan.mounts.map(({ target }) => target)).toEqual([
    '/proc',
    '/dev',
    '/dev/pts',
    '/dev/shm',
    '/dev/mqueue',
    '/sys',
    // A user may not mount it; the host's comes along with /sys.
    ...(owner ? [] : ['/sys/fs/cgroup']),
  ]);
});
