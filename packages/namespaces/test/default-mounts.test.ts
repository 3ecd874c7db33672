import { existsSync, mkdirSync, rmdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { describe, expect, test } from 'vitest';

import { readCgroupLayout } from '../src/index.js';
import { Scratch } from './busybox-root.js';
import { faultAt, runContainer, without, type ContainerOptions, type Outcome } from './container.js';

const able = needs('linux', 'root', 'busybox');
const MAP = [{ inside: 0, outside: 0, length: 65_536 }];

/** A container in a fresh root; the script's lines. */
function run(options: Omit<ContainerOptions, 'root'>, change?: (root: string) => void): Outcome {
  using scratch = new Scratch();
  const root = scratch.root();
  change?.(root);
  return runContainer({ ...options, root });
}

/** `/proc/mounts` of a container: type and options by mount point. */
function mounts(outcome: Outcome): Map<string, { type: string; options: Set<string> }> {
  expect(outcome.failure?.error).toBeUndefined();
  return new Map(
    outcome.stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [, at = '', type = '', options = ''] = line.split(' ');
        return [at, { type, options: new Set(options.split(',')) }];
      }),
  );
}

describe('default mounts', able, () => {
  test("are Docker's, with its options", () => {
    const found = mounts(run({ script: 'cat /proc/mounts' }));
    const at = (path: string): string => {
      const { type, options } = found.get(path)!;
      const shown = [
        'ro',
        'rw',
        'nosuid',
        'nodev',
        'noexec',
        'mode=755',
        'size=65536k',
        'gid=5',
        'mode=620',
        'ptmxmode=666',
      ];
      return [type, ...shown.filter((option) => options.has(option))].join(' ');
    };
    expect(Object.fromEntries([...found.keys()].map((path) => [path, path === '/' ? '' : at(path)]))).toEqual(
      {
        '/': '',
        '/proc': 'proc rw nosuid nodev noexec',
        '/dev': 'tmpfs rw nosuid mode=755 size=65536k',
        '/dev/pts': 'devpts rw nosuid noexec gid=5 mode=620 ptmxmode=666',
        '/dev/shm': 'tmpfs rw nosuid nodev noexec size=65536k',
        '/dev/mqueue': 'mqueue rw nosuid nodev noexec',
        '/sys': 'sysfs ro nosuid nodev noexec',
      },
    );
  });

  test('have working device nodes and links', () => {
    const script = `
      for n in null zero full random urandom tty; do stat -c '%n %F %a %t:%T' /dev/$n; done
      for l in fd stdin stdout stderr core ptmx; do readlink /dev/$l; done
      stat -c '%a' /dev/shm /dev/mqueue
      head -c 3 /dev/zero | tr '\\0' z; echo; head -c 8 /dev/urandom | wc -c; echo gone > /dev/null; echo x > /dev/full`;
    const { stdout, stderr } = run({ script: script.replace('wc -c', 'cat > /dev/null; echo ok') });
    expect(stdout.split('\n')).toEqual([
      '/dev/null character special file 666 1:3',
      '/dev/zero character special file 666 1:5',
      '/dev/full character special file 666 1:7',
      '/dev/random character special file 666 1:8',
      '/dev/urandom character special file 666 1:9',
      '/dev/tty character special file 666 5:0',
      '/proc/self/fd',
      '/proc/self/fd/0',
      '/proc/self/fd/1',
      '/proc/self/fd/2',
      '/proc/kcore',
      'pts/ptmx',
      '1777',
      '1777',
      'zzz',
      'ok',
      '',
    ]);
    expect(stderr).toContain('No space left on device');
  });

  test('take a size for /dev/shm', () => {
    const found = mounts(run({ script: 'cat /proc/mounts', defaultMounts: { shmSizeBytes: 1024 * 1024 } }));
    expect(found.get('/dev/shm')!.options).toContain('size=1024k');
  });

  test('make mount points that the image lacks', () => {
    using scratch = new Scratch();
    const root = scratch.root('bare', { bare: true });
    expect(
      runContainer({ root, script: 'test -c /dev/null && test -d /proc/1 && test -d /sys/class' }).status,
    ).toBe(0);
    expect(existsSync(join(root, 'proc/1'))).toBe(false);
  });

  test('on a kernel without mount_setattr are the same', () => {
    const { stdout, stderr, failure } = run({
      script:
        'grep " /sys/fs/cgroup tmpfs" /proc/mounts | awk "{print \\$4}" | head -c 3; mkdir /sys/fs/cgroup/x',
      defaultMounts: { cgroups: readCgroupLayout() },
      change: (program) => without(program, 'mount_setattr'),
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe(readCgroupLayout().version === 1 ? 'ro,' : '');
    expect(stderr).toContain('Read-only file system');
  });

  test("bind the host's node where making one is refused, and check what it is", () => {
    const { stdout, failure } = run({
      script: 'stat -c "%F %t:%T" /dev/null; grep -c " /dev/null " /proc/mounts; echo x > /dev/null',
      change: (program) => faultAt(program, 'create /dev/null', 'EPERM'),
    });
    expect(failure).toBeUndefined();
    expect(stdout).toBe('character special file 1:3\n1\n');
  });
});

describe('control groups', able, () => {
  const layout = readCgroupLayout();

  test('of a private cgroup namespace start at /', () => {
    const { stdout, failure } = run({
      script:
        'cut() { awk -F: "{print \\$3}"; }; cut < /proc/self/cgroup; grep -c " /sys/fs/cgroup" /proc/mounts',
      defaultMounts: { cgroups: layout },
    });
    expect(failure).toBeUndefined();
    const lines = stdout.trim().split('\n');
    const count = layout.version === 2 ? 1 : layout.hierarchies.length + 1;
    expect(Number(lines.pop())).toBe(count);
    expect(new Set(lines)).toEqual(new Set(['/']));
  });

  test('are read-only', () => {
    const { stderr } = run({
      script: 'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do test -d $d && mkdir $d/x; done; true',
      defaultMounts: { cgroups: layout },
    });
    const refused = stderr.match(/Read-only file system/g) ?? [];
    expect(refused).toHaveLength(stderr.trim().split('\n').length);
    expect(refused.length).toBeGreaterThan(0);
  });

  test("of the host's namespace show the own cgroup only", () => {
    const { stdout, failure } = run({
      script: 'grep " /sys/fs/cgroup" /proc/self/mountinfo',
      namespaces: { cgroup: 'host' },
      defaultMounts: { cgroups: layout },
    });
    expect(failure).toBeUndefined();
    const hierarchies = layout.version === 1 ? layout.hierarchies : [];
    for (const { name, ownDirectory } of hierarchies) {
      const root = ownDirectory.replace(/^\/sys\/fs\/cgroup\/[^/]+/, '') || '/';
      expect(stdout).toMatch(new RegExp(` ${root} /sys/fs/cgroup/${name} `));
    }
  });
});

describe('in a user namespace', able, () => {
  const user = { uidMap: MAP, gidMap: MAP, script: 'cat /proc/mounts' };

  test("nodes are the host's, the rest is mounted anew", () => {
    const found = mounts(
      run({ ...user, namespaces: { user: 'new' }, defaultMounts: { cgroups: readCgroupLayout() } }),
    );
    expect(found.get('/dev/null')!.type).toBe('devtmpfs');
    expect(found.get('/proc')!.type).toBe('proc');
    expect(found.get('/sys')!.options).toContain('ro');
    expect(found.get('/dev/mqueue')!.type).toBe('mqueue');
    expect(found.has('/sys/fs/cgroup')).toBe(true);
  });

  test("with the host's network, sysfs is the host's, read-only", () => {
    const { stdout, failure } = run({
      ...user,
      namespaces: { user: 'new', net: 'host' },
      script: 'grep " /sys " /proc/mounts; mkdir /sys/kernel/x; ls /sys/class/net',
    });
    expect(failure).toBeUndefined();
    expect(stdout).toMatch(/sysfs ro,nosuid,nodev,noexec/);
    expect(stdout).toContain('lo');
  });

  test("with the host's processes and ipc, those are bound", () => {
    const { stdout, failure } = run({
      ...user,
      namespaces: { user: 'new', pid: 'host', ipc: 'host' },
      script: 'test -d /proc/$PPID && grep -E " /(proc|dev/shm) " /proc/mounts',
    });
    expect(failure).toBeUndefined();
    expect(stdout).toMatch(/ \/proc proc rw,nosuid,nodev,noexec/);
    expect(stdout).toMatch(/ \/dev\/shm tmpfs rw,nosuid,nodev,noexec/);
  });

  test('a terminal group that is not mapped is left out', () => {
    const few = [{ inside: 0, outside: 0, length: 2 }];
    const found = mounts(run({ ...user, namespaces: { user: 'new' }, uidMap: few, gidMap: few }));
    expect([...found.get('/dev/pts')!.options].filter((option) => option.startsWith('gid='))).toEqual([]);
  });
});

describe('an image that tries to redirect a default mount', able, () => {
  test.each([
    ['/proc', '/etc'],
    ['/dev', '/etc'],
    ['/sys', '/tmp'],
    ['/dev', '../../../../../../etc'],
  ])('%s as a link to %s is refused', (path, to) => {
    const { failure } = run({ script: 'true' }, (root) => {
      rmdirSync(join(root, path));
      symlinkSync(to, join(root, path));
    });
    expect(failure?.error).toMatchObject({ code: 'ELOOP', path });
    expect(failure?.error.hint).toContain('symbolic link');
  });

  test('a file in place of /dev is refused', () => {
    using scratch = new Scratch();
    const root = scratch.root('root', { bare: true });
    scratch.file('root/dev', '');
    expect(runContainer({ root, script: 'true' }).failure?.error).toMatchObject({
      code: 'ENOTDIR',
      path: '/dev',
    });
  });

  test('what the image has in /dev is out of sight', () => {
    const { stdout } = run({ script: 'cat /dev/null; ls /dev/planted' }, (root) => {
      mkdirSync(join(root, 'dev/planted'));
      symlinkSync('/etc/passwd', join(root, 'dev/null'));
    });
    expect(stdout).toBe('');
  });
});
