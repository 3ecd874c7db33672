import type { ContainerSpec } from '@ns/execdriver';
import { planMounts, planNamespaces } from '@ns/namespaces';
import { describe, expect, test } from 'vitest';

import { ociConfig } from './bundle.js';
import { toJson } from './json.js';
import { ociResources } from './resources.js';
import type { OciConfig } from './types.js';

const PLAIN: ContainerSpec = {
  id: 'web',
  root: { kind: 'directory', path: '/srv/root' },
  process: { args: ['true'], env: ['PATH=/bin'] },
};

/** What a spec that differs from the plainest one is described as. */
function config(
  change: Partial<ContainerSpec> = {},
  user = { uid: 0, gid: 0, groups: [] as number[] },
): OciConfig {
  const spec = { ...PLAIN, ...change };
  return ociConfig(spec, {
    user,
    env: [...spec.process.env, 'HOME=/root'],
    args: spec.process.args,
    rlimits: spec.process.rlimits ?? [],
    rootPath: '/run/state/root',
    sources: planNamespaces(spec).sources,
    mounts: planMounts(spec.mounts ?? [], () => 'directory'),
    cgroupPath: '/ns-web',
    isUnified: false,
    resources: ociResources(spec.resources ?? {}).oci,
    machine: { architecture: 'x86_64', kernelVersion: '6.1.0' },
  });
}

const process = (
  change: Partial<ContainerSpec['process']>,
  user?: Parameters<typeof config>[1],
): OciConfig['process'] => config({ process: { ...PLAIN.process, ...change } }, user).process;

describe('a process', () => {
  test('has Docker’s capabilities and umask, and its environment', () => {
    const { capabilities, user, env, noNewPrivileges, terminal } = process({});
    expect(capabilities.bounding).toHaveLength(14);
    expect(capabilities.effective).toEqual(capabilities.bounding);
    expect([capabilities.inheritable, capabilities.ambient]).toEqual([[], []]);
    expect(user).toEqual({ uid: 0, gid: 0, umask: 0o022, additionalGids: [] });
    expect(env).toEqual(['PATH=/bin', 'HOME=/root']);
    expect([noNewPrivileges, terminal]).toEqual([false, false]);
  });

  test('of another user has the bounding set only', () => {
    const { capabilities, user } = process(
      { capabilities: ['chown', 'CAP_CHOWN'] },
      { uid: 7, gid: 8, groups: [9] },
    );
    expect(capabilities).toMatchObject({ bounding: ['CAP_CHOWN'], effective: [], permitted: [] });
    expect(user).toMatchObject({ uid: 7, gid: 8, additionalGids: [9] });
  });

  test('has a terminal of its size', () => {
    expect(process({ terminal: { rows: 24, columns: 80 } })).toMatchObject({
      terminal: true,
      consoleSize: { height: 24, width: 80 },
    });
  });

  test('has limits, the unlimited ones as the kernel’s largest number', () => {
    const { rlimits } = process({ rlimits: [{ name: 'nofile', soft: 10, hard: 'unlimited' }] });
    expect(rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 10, hard: 0xffff_ffff_ffff_ffffn }]);
    expect(toJson(rlimits)).toBe('[{"type":"RLIMIT_NOFILE","soft":10,"hard":18446744073709551615}]');
  });

  test('passes on what it asks for', () => {
    const asked = { apparmor: 'profile', oomScoreAdj: 5, noNewPrivileges: true, cwd: '/srv', umask: 0 };
    expect(process(asked)).toMatchObject({
      apparmorProfile: 'profile',
      oomScoreAdj: 5,
      noNewPrivileges: true,
      cwd: '/srv',
      user: { umask: 0 },
    });
  });
});

describe('namespaces', () => {
  test('are Docker’s', () => {
    expect(config().linux.namespaces.map(({ type }) => type)).toEqual([
      'mount',
      'pid',
      'uts',
      'ipc',
      'network',
      'cgroup',
    ]);
  });

  test('of others are by path, the host’s are left out', () => {
    const namespaces = { net: { pid: 12 }, ipc: { path: '/run/ipc' }, pid: 'host', uts: 'host' } as const;
    const found = config({ namespaces }).linux.namespaces;
    expect(found).toEqual([
      { type: 'mount' },
      { type: 'ipc', path: '/run/ipc' },
      { type: 'network', path: '/proc/12/ns/net' },
      { type: 'cgroup' },
    ]);
  });

  test('of users have maps, and no group of terminals that is not in them', () => {
    const map = [{ inside: 0, outside: 100_000, length: 2 }];
    const { linux, mounts } = config({ namespaces: { user: 'new' }, uidMap: map, gidMap: map });
    expect(linux.uidMappings).toEqual([{ containerID: 0, hostID: 100_000, size: 2 }]);
    expect(linux.gidMappings).toEqual(linux.uidMappings);
    expect(mounts.find(({ type }) => type === 'devpts')?.options).not.toContain('gid=5');
  });

  test('of users that do not own the network get the host’s /sys', () => {
    const map = [{ inside: 0, outside: 1000, length: 1 }];
    const namespaces = { user: 'new', net: 'host' } as const;
    const { mounts } = config({ namespaces, uidMap: map, gidMap: map });
    expect(mounts.find(({ destination }) => destination === '/sys')).toMatchObject({
      type: 'bind',
      source: '/sys',
    });
  });

  test('of time set clocks back by fewer whole seconds', () => {
    const change = { namespaces: { time: 'new' }, timeOffsets: { boottimeNs: -1n } } as const;
    expect(config(change).linux.timeOffsets).toEqual({
      monotonic: { secs: 0, nanosecs: 0 },
      boottime: { secs: -1, nanosecs: 999_999_999 },
    });
  });
});

describe('mounts', () => {
  test('are Docker’s, then the user’s', () => {
    const { mounts } = config({ mounts: [{ type: 'tmpfs', target: '/mnt' }] });
    expect(mounts.map(({ destination }) => destination)).toEqual([
      '/proc',
      '/dev',
      '/dev/pts',
      '/sys',
      '/sys/fs/cgroup',
      '/sys/fs/cgroup',
      '/dev/mqueue',
      '/dev/shm',
      '/mnt',
    ]);
  });

  test('can be the user’s alone', () => {
    const change = { defaultMounts: false, mounts: [{ type: 'tmpfs', target: '/mnt' }] } as const;
    expect(config(change).mounts.map(({ destination }) => destination)).toEqual(['/proc', '/dev', '/mnt']);
  });

  test('of a size are told in KiB where that is whole', () => {
    const shm = (shmSizeBytes: number): unknown =>
      config({ shmSizeBytes })
        .mounts.find(({ source }) => source === 'shm')
        ?.options.at(-1);
    expect([shm(8192), shm(100)]).toEqual(['size=8k', 'size=100']);
  });

  test('that are bound say how, and whether they can be written to', () => {
    const bind = { type: 'bind', source: '/srv', target: '/mnt' } as const;
    const options = (change: object): unknown =>
      config({ mounts: [{ ...bind, ...change }] }).mounts.at(-1)?.options;
    expect(options({})).toEqual(['rbind', 'rprivate', 'rw']);
    expect(options({ readonly: true, recursive: false })).toEqual(['bind', 'private', 'ro', 'rro']);
    expect(options({ readonly: 'non-recursive', propagation: 'rslave' })).toEqual(['rbind', 'rslave', 'ro']);
  });

  test('of memory have what they are asked to have', () => {
    const options = (change: object): unknown =>
      config({ mounts: [{ type: 'tmpfs', target: '/t', ...change }] }).mounts.at(-1)?.options;
    expect(options({})).toEqual(['nosuid', 'nodev', 'noexec', 'mode=1777']);
    expect(
      options({
        suid: true,
        dev: true,
        exec: true,
        readonly: true,
        mode: 0o750,
        uid: 1,
        gid: 2,
        sizeBytes: 4096,
      }),
    ).toEqual(['ro', 'mode=750', 'uid=1', 'gid=2', 'size=4k']);
  });
});

describe('the rest', () => {
  test('is where it belongs', () => {
    const { root, hostname, linux, ociVersion } = config({
      readonlyRoot: true,
      hostname: 'box',
      domainname: 'example.net',
      sysctls: { 'net.core.somaxconn': '1' },
      maskedPaths: ['/a'],
      readonlyPaths: [],
    });
    expect(root).toEqual({ path: '/run/state/root', readonly: true });
    expect([hostname, ociVersion]).toEqual(['box', '1.0.2']);
    expect(linux).toMatchObject({
      cgroupsPath: '/ns-web',
      sysctl: { 'net.core.somaxconn': '1', 'kernel.domainname': 'example.net' },
      maskedPaths: ['/a'],
      readonlyPaths: [],
    });
  });

  test('is a root that is read-only where nothing could take what is written', () => {
    const readonly = (root: ContainerSpec['root']): boolean => config({ root }).root.readonly;
    expect(readonly({ kind: 'overlay', lower: ['/a'] })).toBe(true);
    expect(readonly({ kind: 'overlay', lower: ['/a'], tmpfsUpper: true })).toBe(false);
    expect(readonly({ kind: 'overlay', lower: ['/a'], upper: '/u', work: '/w' })).toBe(false);
  });

  test('is Docker’s filter, its conditions resolved, or none', () => {
    const { seccomp } = config().linux;
    expect(seccomp?.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(seccomp?.architectures).toContain('SCMP_ARCH_X86_64');
    expect(JSON.stringify(seccomp)).not.toContain('includes');
    expect(config({ process: { ...PLAIN.process, seccomp: 'unconfined' } }).linux.seccomp).toBeUndefined();
  });

  test('of a filter depends on the capabilities', () => {
    const names = (capabilities: string[]): string =>
      JSON.stringify(config({ process: { ...PLAIN.process, capabilities } }).linux.seccomp?.syscalls);
    expect(names([])).not.toContain('"chroot"');
    expect(names(['SYS_CHROOT'])).toContain('"chroot"');
  });
});

describe('JSON', () => {
  test('keeps whole numbers of 64 bits', () => {
    expect(toJson({ value: 2n ** 64n - 1n, negative: -1n })).toBe(
      '{"value":18446744073709551615,"negative":-1}',
    );
  });

  test('takes no text for a number, nor line feeds for structure', () => {
    const hostile = { env: ['A=1n', 'B="}\n{"', '"18446744073709551615"'] };
    expect(JSON.parse(toJson(hostile))).toEqual(hostile);
  });
});
