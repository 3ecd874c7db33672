import { describe, expect, test } from 'vitest';

import { hierarchyOf, parseLayout } from './layout.js';

const V2 = '29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
const HYBRID = `30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`;
const CGROUP = `9:name=systemd:/user.slice
4:memory:/
1:cpu,cpuacct:/a b
0::/user.slice
`;
const nothing = (): string => '';

describe('the layout', () => {
  test('is version 2 when that alone is mounted', () => {
    const layout = parseLayout(V2, '0::/system.slice/x.service\n', () => 'cpuset cpu io memory pids\n');
    expect(layout.kind).toBe('v2');
    expect(layout.unified).toEqual({
      version: 2,
      mountPoint: '/sys/fs/cgroup',
      ownPath: '/system.slice/x.service',
      controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
    });
  });

  test('is without a version 2 that another mount covers', () => {
    const layout = parseLayout(HYBRID, CGROUP, () => undefined);
    expect(layout.kind).toBe('v1');
    expect(layout.hierarchies.map(({ version }) => version)).toEqual([1, 1, 1]);
  });

  test('is hybrid with controllers on version 1', () => {
    const layout = parseLayout(HYBRID, CGROUP, nothing);
    expect(layout.kind).toBe('hybrid');
    expect(layout.hierarchies.map(({ mountPoint, version }) => [mountPoint, version])).toEqual([
      ['/sys/fs/cgroup/cpu,cpuacct', 1],
      ['/sys/fs/cgroup/memory', 1],
      ['/sys/fs/cgroup/systemd', 1],
      ['/sys/fs/cgroup/unified', 2],
    ]);
    expect(hierarchyOf(layout, 'cpuacct')).toMatchObject({
      controllers: ['cpu', 'cpuacct'],
      ownPath: '/a b',
    });
    expect(layout.hierarchies[2]).toMatchObject({ name: 'systemd', controllers: [], ownPath: '/user.slice' });
    expect(hierarchyOf(layout, 'pids')).toBeUndefined();
  });

  test('is version 1 without version 2', () => {
    const withoutV2 = HYBRID.split('\n')
      .filter((line) => !line.includes('cgroup2'))
      .join('\n');
    const layout = parseLayout(withoutV2, CGROUP, nothing);
    expect(layout.kind).toBe('v1');
    expect(layout).not.toHaveProperty('unified');
  });

  test('is version 2 with a hierarchy that has only a name beside it, which is left alone', () => {
    const named = '39 30 0:36 / /run/elogind rw - cgroup cgroup rw,name=elogind\n';
    const layout = parseLayout(V2 + named, '1:name=elogind:/\n0::/\n', nothing);
    expect(layout.kind).toBe('v2');
    expect(layout.hierarchies).toHaveLength(1);
  });

  test('knows paths with blanks, and a mount of a part of the tree', () => {
    const mount = String.raw`29 22 0:26 /docker/abc /sys/fs/cg\040roup rw - cgroup2 cgroup2 rw` + '\n';
    const layout = parseLayout(mount, '0::/docker/abc/x\n', nothing);
    expect(layout.unified).toMatchObject({ mountPoint: '/sys/fs/cg roup', ownPath: '/x' });
    const elsewhere = parseLayout(mount, '0::/other\n', nothing);
    expect(elsewhere.unified).toMatchObject({ ownPath: '/' });
  });

  test('may be empty: nothing is mounted', () => {
    expect(parseLayout('', CGROUP, nothing).hierarchies).toEqual([]);
  });
});
