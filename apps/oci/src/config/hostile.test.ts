import { describe, expect, test } from 'vitest';

import { planOf, sample, withLinux, withProcess } from './sample.js';

const mount = (members: object): object =>
  sample({ mounts: [{ destination: '/proc', type: 'proc' }, members] });
const types = (...names: string[]): object => ({ namespaces: names.map((type) => ({ type })) });

describe('a configuration that is wrong is refused by the name of the field', () => {
  test.each<[name: string, config: unknown, message: string]>([
    ['no JSON', '{', 'config.json: no JSON: '],
    ['a list', '[]', 'config.json: the configuration: [] is no object'],
    ['text', '"x"', 'config.json: the configuration: "x" is no object'],
    ['nothing', '{}', 'config.json: ociVersion: is missing'],
    ['null for a member', sample({ root: null }), 'config.json: root: is missing'],
    ['a version that is none', sample({ ociVersion: 'new' }), 'config.json: ociVersion: "new" is no version'],
    [
      'a version to come',
      sample({ ociVersion: '2.0.0' }),
      'config.json: ociVersion: 2.0.0 is not understood',
    ],
    ['a root without a path', sample({ root: {} }), 'config.json: root.path: is missing'],
    ['a NUL in a path', sample({ root: { path: 'a\0b' } }), 'config.json: root.path: the text holds a NUL'],
    [
      'a NUL in a name',
      withLinux({ sysctl: { 'a\0': '' } }),
      'config.json: linux.sysctl.a\\u0000: the name holds a NUL',
    ],
    [
      'a negative uid',
      withProcess({ user: { uid: -1, gid: 0 } }),
      'config.json: process.user.uid: -1 is no integer from 0 to 4294967294',
    ],
    [
      'the uid that is none',
      withProcess({ user: { uid: 4294967295, gid: 0 } }),
      'config.json: process.user.uid: 4294967295 is no integer',
    ],
    [
      'half a gid',
      withProcess({ user: { uid: 0, gid: 0.5 } }),
      'config.json: process.user.gid: 0.5 is no integer',
    ],
    [
      'a uid of text',
      withProcess({ user: { uid: '0', gid: 0 } }),
      'config.json: process.user.uid: "0" is no integer',
    ],
    [
      'a group below zero',
      withProcess({ user: { uid: 0, gid: 0, additionalGids: [1, -5] } }),
      'config.json: process.user.additionalGids[1]: -5 is no integer',
    ],
    [
      'a umask of more bits',
      withProcess({ user: { uid: 0, gid: 0, umask: 0o1000 } }),
      'config.json: process.user.umask: 512',
    ],
    ['no gid', withProcess({ user: { uid: 0 } }), 'config.json: process.user.gid: is missing'],
    ['a relative cwd', withProcess({ cwd: 'home' }), 'config.json: process.cwd: "home" is no absolute path'],
    ['no arguments', withProcess({ args: [] }), 'config.json: process.args: no command is named'],
    ['arguments of numbers', withProcess({ args: ['a', 1] }), 'config.json: process.args[1]: 1 is no string'],
    ['null in a list', withProcess({ args: ['a', null] }), 'config.json: process.args[1]: null is no string'],
    [
      'a variable without a value',
      withProcess({ env: ['A=1', 'B'] }),
      'config.json: process.env[1]: "B" does not read NAME=value',
    ],
    [
      'a variable without a name',
      withProcess({ env: ['=1'] }),
      'config.json: process.env[0]: "=1" does not read',
    ],
    [
      'an argument too long',
      withProcess({ args: ['a', 'b'.repeat(131_072)] }),
      'config.json: process.args[1]: 131073 bytes are more',
    ],
    [
      'a limit that is none',
      withProcess({ rlimits: [{ type: 'RLIMIT_FUN', soft: 1, hard: 1 }] }),
      'config.json: process.rlimits[0].type: "RLIMIT_FUN" is not known',
    ],
    [
      'a limit of Object',
      withProcess({ rlimits: [{ type: 'toString', soft: 1, hard: 1 }] }),
      'config.json: process.rlimits[0].type: "toString"',
    ],
    [
      'a soft limit above the hard',
      withProcess({ rlimits: [{ type: 'RLIMIT_CPU', soft: 2, hard: 1 }] }),
      'config.json: process.rlimits[0].soft: 2 is above the hard limit, 1',
    ],
    [
      'a limit twice',
      withProcess({
        rlimits: [
          { type: 'RLIMIT_CPU', soft: 1, hard: 1 },
          { type: 'RLIMIT_CPU', soft: 1, hard: 1 },
        ],
      }),
      'config.json: process.rlimits[1].type: RLIMIT_CPU is set twice',
    ],
    ['a score out of range', withProcess({ oomScoreAdj: 1001 }), 'config.json: process.oomScoreAdj: 1001'],
    [
      'a priority of an idle process',
      withProcess({ scheduler: { policy: 'SCHED_IDLE', priority: 3 } }),
      'config.json: process.scheduler.priority: 3 with SCHED_IDLE',
    ],
    [
      'an unknown policy',
      withProcess({ scheduler: { policy: 'SCHED_FAST' } }),
      'config.json: process.scheduler.policy: "SCHED_FAST" is not known: one of SCHED_OTHER',
    ],
    [
      'a deadline of none',
      withProcess({ scheduler: { policy: 'SCHED_RR', runtime: 5 } }),
      'config.json: process.scheduler.runtime: 5 with SCHED_RR',
    ],
    [
      'an I/O priority of 8',
      withProcess({ ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 8 } }),
      'config.json: process.ioPriority.priority: 8',
    ],
    [
      'a terminal of a negative size',
      withProcess({ terminal: true, consoleSize: { height: -1, width: 80 } }),
      'config.json: process.consoleSize.height: -1',
    ],
    [
      'effective and not permitted',
      withProcess({ capabilities: { effective: ['CAP_KILL'] } }),
      'config.json: process.capabilities.effective: CAP_KILL is not permitted',
    ],
    [
      'capabilities in one list',
      withProcess({ capabilities: ['CAP_KILL'] }),
      'config.json: process.capabilities: ["CAP_KILL"] is no object',
    ],
    [
      'processors that are none',
      withProcess({ execCPUAffinity: { initial: 'all' } }),
      'config.json: process.execCPUAffinity.initial: "all" is no list',
    ],
    [
      'an unknown namespace',
      withLinux({ namespaces: [{ type: 'mount' }, { type: 'net' }] }),
      'config.json: linux.namespaces[1].type: "net" is not known: one of pid, network',
    ],
    [
      'a namespace twice',
      withLinux(types('mount', 'pid', 'pid')),
      'config.json: linux.namespaces[2].type: pid is given twice',
    ],
    [
      'a namespace by a relative path',
      withLinux({ namespaces: [{ type: 'mount' }, { type: 'pid', path: 'proc/1/ns/pid' }] }),
      'config.json: linux.namespaces[1].path: "proc/1/ns/pid" is no absolute path',
    ],
    [
      'the host’s mounts',
      withLinux(types('pid')),
      'config.json: linux.namespaces: there is no mount namespace',
    ],
    [
      'no linux at all',
      sample({ linux: undefined }),
      'config.json: linux.namespaces: there is no mount namespace',
    ],
    ['the host’s name', sample({ hostname: 'x' }), 'config.json: hostname: "x" would be the host\'s'],
    [
      'a name too long',
      { ...withLinux(types('mount', 'uts')), hostname: 'x'.repeat(65) },
      'config.json: hostname: "xxx',
    ],
    [
      'maps without a user namespace',
      withLinux({ uidMappings: [{ containerID: 0, hostID: 0, size: 1 }] }),
      'config.json: linux.uidMappings: there is no user namespace',
    ],
    [
      'a user namespace without maps',
      withLinux(types('mount', 'user')),
      'config.json: linux.uidMappings: no mapping given',
    ],
    [
      'ids beyond the largest',
      withLinux({
        ...types('mount', 'user'),
        uidMappings: [{ containerID: 0, hostID: 4294967290, size: 10 }],
      }),
      'config.json: linux.uidMappings[0]: goes beyond',
    ],
    [
      'ids that overlap',
      withLinux({
        ...types('mount', 'user'),
        uidMappings: [
          { containerID: 0, hostID: 0, size: 10 },
          { containerID: 5, hostID: 100, size: 1 },
        ],
      }),
      'config.json: linux.uidMappings: two ranges overlap at containerID 5',
    ],
    [
      'a clock that is none',
      withLinux({ ...types('mount', 'time'), timeOffsets: { realtime: { secs: 1 } } }),
      'config.json: linux.timeOffsets["realtime"]: no clock',
    ],
    [
      'clocks of the host',
      withLinux({ timeOffsets: { boottime: { secs: 1 } } }),
      'config.json: linux.timeOffsets: there is no new time namespace',
    ],
    [
      'a device without numbers',
      withLinux({ devices: [{ path: '/dev/x', type: 'c', major: 1 }] }),
      'config.json: linux.devices[0].minor: is missing',
    ],
    [
      'a device that leaves the root',
      withLinux({ devices: [{ path: '/../../dev/sda', type: 'b', major: 8, minor: 0 }] }),
      'config.json: linux.devices[0].path: "/../../dev/sda" leads out of the root',
    ],
    [
      'a device of another kind',
      withLinux({ devices: [{ path: '/dev/x', type: 's', major: 1, minor: 1 }] }),
      'config.json: linux.devices[0].type: "s" is not known',
    ],
    [
      'a device twice',
      withLinux({
        devices: [
          { path: '/dev/x', type: 'p' },
          { path: '/dev//x', type: 'p' },
        ],
      }),
      'config.json: linux.devices[1].path: "/dev/x" is that of linux.devices[0] too',
    ],
    ['a mount without a place', mount({ type: 'tmpfs' }), 'config.json: mounts[1].destination: is missing'],
    [
      'a mount over the root',
      mount({ destination: '/a/..', type: 'tmpfs' }),
      'config.json: mounts[1].destination: "/a/.." is the root itself',
    ],
    [
      'a mount that leaves the root',
      mount({ destination: '/../../etc', type: 'tmpfs' }),
      'config.json: mounts[1].destination: "/../../etc" leads out of the root',
    ],
    [
      'a mount in /proc',
      mount({ destination: '/proc/sys/kernel', type: 'tmpfs' }),
      'config.json: mounts[1].destination: "/proc/sys/kernel" lies in /proc',
    ],
    [
      'a mount in /proc by a detour',
      mount({ destination: '/x/../proc/./self', type: 'bind', source: '/x' }),
      'config.json: mounts[1].destination: "/proc/self" lies in /proc',
    ],
    [
      'a tmpfs on /proc',
      sample({ mounts: [{ destination: '/proc', type: 'tmpfs' }] }),
      'config.json: mounts[0].destination: "tmpfs" on /proc',
    ],
    [
      'a file system that is none',
      mount({ destination: '/x', type: 'a,b' }),
      'config.json: mounts[1].type: "a,b" is no file system',
    ],
    [
      'neither type nor bind',
      mount({ destination: '/x', source: '/y' }),
      'config.json: mounts[1].type: "" is no file system',
    ],
    [
      'a bind of nothing',
      mount({ destination: '/x', options: ['rbind'] }),
      'config.json: mounts[1].source: a bind mount of nothing',
    ],
    [
      'options in one text',
      mount({ destination: '/x', type: 'tmpfs', options: 'ro' }),
      'config.json: mounts[1].options: "ro" is no list',
    ],
    [
      'a mount that changes one',
      mount({ destination: '/x', type: 'tmpfs', options: ['remount'] }),
      'config.json: mounts[1].options: remount',
    ],
    [
      'copied up where nothing can be',
      mount({ destination: '/x', source: '/y', options: ['bind', 'tmpcopyup'] }),
      'config.json: mounts[1].options: tmpcopyup of a bind mount',
    ],
    [
      'an id map of a tmpfs',
      mount({ destination: '/x', type: 'tmpfs', options: ['idmap'] }),
      'config.json: mounts[1]: an id map of a file system',
    ],
    [
      'half an id map',
      mount({
        destination: '/x',
        source: '/y',
        options: ['bind'],
        uidMappings: [{ containerID: 0, hostID: 0, size: 1 }],
      }),
      'config.json: mounts[1].gidMappings: is missing',
    ],
    [
      'the container’s id map without one',
      mount({ destination: '/x', source: '/y', options: ['bind', 'ridmap'] }),
      'config.json: mounts[1].options: idmap without a map',
    ],
    [
      'too many mounts',
      sample({ mounts: Array.from({ length: 5000 }, (_, n) => ({ destination: `/${n}`, type: 'tmpfs' })) }),
      'config.json: mounts: 5000 mounts',
    ],
    [
      'a cgroup above its place',
      withLinux({ cgroupsPath: '/a/../../b' }),
      'config.json: linux.cgroupsPath: "/a/../../b" leads upwards',
    ],
    [
      'the root cgroup',
      withLinux({ cgroupsPath: '/.' }),
      'config.json: linux.cgroupsPath: "/." is the root cgroup',
    ],
    [
      'a unit without systemd',
      withLinux({ cgroupsPath: 'system.slice:a:b' }),
      'config.json: linux.cgroupsPath: "system.slice:a:b" is the name of a systemd unit',
    ],
    [
      'a masked path of elsewhere',
      withLinux({ maskedPaths: ['proc/kcore'] }),
      'config.json: linux.maskedPaths[0]: "proc/kcore" is no absolute path',
    ],
    [
      'a sysctl of the machine',
      withLinux({ sysctl: { 'kernel.panic': '1' } }),
      'config.json: linux.sysctl["kernel.panic"]: kernel.panic is a setting of the whole machine',
    ],
    [
      'a sysctl of the host’s network',
      withLinux({ sysctl: { 'net.ipv4.ip_forward': '1' } }),
      'config.json: linux.sysctl["net.ipv4.ip_forward"]: net.ipv4.ip_forward belongs to the net namespace',
    ],
    [
      'a sysctl that is a path',
      withLinux({ ...types('mount', 'network'), sysctl: { 'net/../../x': '1' } }),
      'config.json: linux.sysctl["net/../../x"]: "net/../../x" is not a sysctl\'s name',
    ],
    [
      'a sysctl of a number',
      withLinux({ sysctl: { 'net.a': 1 } }),
      'config.json: linux.sysctl["net.a"]: 1 is no string',
    ],
    [
      'an interface without a namespace',
      withLinux({ netDevices: { eth0: {} } }),
      'config.json: linux.netDevices: the container has no network namespace',
    ],
    [
      'an interface’s name too long',
      withLinux({ ...types('mount', 'network'), netDevices: { eth0: { name: 'x'.repeat(16) } } }),
      'config.json: linux.netDevices["eth0"].name: "xxxx',
    ],
    [
      'two interfaces of a name',
      withLinux({ ...types('mount', 'network'), netDevices: { a: { name: 'c' }, b: { name: 'c' } } }),
      'config.json: linux.netDevices: two interfaces would be "c"',
    ],
    [
      'a propagation that is none',
      withLinux({ rootfsPropagation: 'public' }),
      'config.json: linux.rootfsPropagation: "public" is not known',
    ],
    [
      'a personality that is none',
      withLinux({ personality: { domain: 'BSD' } }),
      'config.json: linux.personality.domain: "BSD" is not known',
    ],
    [
      'nodes of a default policy',
      withLinux({ memoryPolicy: { mode: 'MPOL_DEFAULT', nodes: '0' } }),
      'config.json: linux.memoryPolicy.nodes: MPOL_DEFAULT takes none',
    ],
    [
      'a million nodes',
      withLinux({ memoryPolicy: { mode: 'MPOL_BIND', nodes: '0-9999' } }),
      'config.json: linux.memoryPolicy.nodes: "0-9999" is no range',
    ],
    [
      'a filter without an action',
      withLinux({ seccomp: { syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] } }),
      'config.json: linux.seccomp.defaultAction: ',
    ],
    [
      'a listener without a socket',
      withLinux({
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
        },
      }),
      'config.json: linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY without a listener',
    ],
    [
      'a socket without a listener',
      withLinux({ seccomp: { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/s' } }),
      'config.json: linux.seccomp.listenerPath: no rule has SCMP_ACT_NOTIFY',
    ],
    [
      'a hook by a relative path',
      sample({ hooks: { poststop: [{ path: 'bin/x' }] } }),
      'config.json: hooks.poststop[0].path: "bin/x" is no absolute path',
    ],
    [
      'a hook without time',
      sample({ hooks: { prestart: [{ path: '/x', timeout: 0 }] } }),
      'config.json: hooks.prestart[0].timeout: 0 is not 1 to',
    ],
    [
      'a hook’s environment',
      sample({ hooks: { poststart: [{ path: '/x', env: ['A'] }] } }),
      'config.json: hooks.poststart[0].env[0]: "A" does not read',
    ],
    [
      'an annotation of a number',
      sample({ annotations: { a: 1 } }),
      'config.json: annotations.a: 1 is no string',
    ],
    [
      'a device rule without access',
      withLinux({ resources: { devices: [{ allow: true }] } }),
      'config.json: linux.resources.devices[0].access: is missing',
    ],
    [
      'a device rule for execution',
      withLinux({ resources: { devices: [{ allow: true, access: 'x' }] } }),
      'config.json: linux.resources.devices[0].access: "x" is not made of',
    ],
    [
      'less memory with swap than without',
      withLinux({ resources: { memory: { limit: 8e6, swap: 7e6 } } }),
      'config.json: linux.resources: the limit of memory and swap together',
    ],
    [
      'rdma',
      withLinux({ resources: { rdma: { mlx5_1: { hcaHandles: 3 } } } }),
      'config.json: linux.resources.rdma: there are no rdma limits here',
    ],
    [
      'network classes',
      withLinux({ resources: { network: { classID: 5 } } }),
      'config.json: linux.resources.network: there are no network classes',
    ],
    [
      'a huge page of no size',
      withLinux({ resources: { hugepageLimits: [{ pageSize: '2 MB', limit: 1 }] } }),
      'config.json: linux.resources: huge page size "2 MB" is none',
    ],
    [
      'a file that is no limit',
      withLinux({ resources: { unified: { 'cgroup.procs': '1' } } }),
      'config.json: linux.resources: cgroup.procs is no limit',
    ],
    [
      'a file elsewhere',
      withLinux({ resources: { unified: { '../memory.max': '1' } } }),
      'config.json: linux.resources: "../memory.max" is no name of a control file',
    ],
    [
      'Intel RDT',
      withLinux({ intelRdt: { closID: 'guaranteed' } }),
      'config.json: linux.intelRdt.closID: this runtime does not set Intel RDT classes',
    ],
  ])('%s', (_name, config, message) => {
    expect(() => planOf(config)).toThrow(message);
  });

  test('deep nesting, without a stack that overflows', () => {
    for (const depth of [33, 100_000]) {
      const text = `{"ociVersion":"1.2.0","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
      expect(() => planOf(text)).toThrow(/^config\.json: (x[[\]0]*…?: nested more than 32 deep|no JSON: )/);
    }
  });

  test('bytes that are no UTF-8', () => {
    expect(() => planOf(Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'))).toThrow('no JSON');
  });

  test('members of Object.prototype are members like others', () => {
    const text = '{"__proto__":{"ociVersion":"1.2.0"},"constructor":1,"root":{"path":"rootfs"}}';
    expect(() => planOf(text)).toThrow('config.json: ociVersion: is missing');
    expect(
      planOf(sample({ annotations: JSON.parse('{"__proto__":"a","toString":"b"}') })).annotations,
    ).toEqual(JSON.parse('{"__proto__":"a","toString":"b"}'));
  });
});

describe('much is no harm', () => {
  test('mounts that hold one another are a list, not a loop', () => {
    const bind = (source: string, destination: string): object => ({
      source,
      destination,
      options: ['rbind'],
    });
    const mounts = [
      bind('rootfs', '/a'),
      bind('rootfs/a', '/a/b'),
      bind('/b/rootfs/a/b', '/a'),
      bind('/', '/a/a'),
    ];
    expect(planOf(sample({ mounts })).mounts.map(({ source, target }) => [source, target])).toEqual([
      ['/b/rootfs', '/a'],
      ['/b/rootfs/a', '/a/b'],
      ['/b/rootfs/a/b', '/a'],
      ['/', '/a/a'],
    ]);
  });

  test('100,000 variables', () => {
    const env = Array.from({ length: 100_000 }, (_, n) => `NAME_${n}=value`);
    const start = performance.now();
    expect(planOf(withProcess({ env })).process?.spec.env).toHaveLength(100_000);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('more than execve takes is refused', () => {
    const env = Array.from({ length: 100_000 }, (_, n) => `NAME_${n}=${'x'.repeat(60)}`);
    expect(() => planOf(withProcess({ env }))).toThrow(
      /^config\.json: process\.env: \d+ bytes .* are more than/,
    );
  });

  test('unknown members are ignored, null ones are not there', () => {
    const more = { vm: { hypervisor: { path: 1 } }, 'x-y': [[[]]], hooks: null };
    const { linux } = sample() as { linux: object };
    expect(planOf(sample({ ...more, linux: { ...linux, seccomp: null, unknown: 5 } }))).toEqual(
      planOf(sample()),
    );
  });
});
