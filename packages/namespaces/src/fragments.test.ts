import { compile, explain, slot, walk, type Step, type SyscallName } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { defaultMounts } from './default-mounts.js';
import { checkHostname, setNames } from './hostname.js';
import { joinNamespaces } from './join.js';
import { maskPaths } from './masks.js';
import { planMounts } from './mount-plan.js';
import { attachRoot, pivotRoot } from './root-attach.js';
import { DEFAULT_NAMESPACES, planNamespaces, type NamespaceSources } from './set.js';
import type { IdMapping } from './spec.js';
import { openTarget } from './target.js';
import { checkWindowSize, openTerminal } from './terminal.js';
import { userMounts } from './user-mounts.js';

/** The calls that are made when nothing fails and every branch is taken. */
const calls = (steps: readonly Step[]): string[] =>
  steps.flatMap((step): string[] => {
    if (step.op === 'call') return [`${step.name} ${step.what}`];
    if (step.op === 'group' || step.op === 'loop') return calls(step.op === 'group' ? step.steps : step.body);
    return step.op === 'if' ? calls(step.then) : [];
  });
const names = (steps: readonly Step[]): SyscallName[] =>
  [...walk(steps)].flatMap((step) => (step.op === 'call' ? [step.name] : []));
const sources = (other: Partial<NamespaceSources>): NamespaceSources => ({ ...DEFAULT_NAMESPACES, ...other });

describe('openTarget', () => {
  const target = { rootFd: 4, path: '/a/b/c', what: 'look', into: slot('fd') };

  test('is one call when the path exists', () => {
    expect(calls(openTarget({ ...target, kind: 'directory' }))).toEqual(['openat2 look']);
  });

  test('makes what is missing one by one, the last as what is wanted', () => {
    expect(names(openTarget({ ...target, kind: 'directory' })).filter((name) => name !== 'openat2')).toEqual([
      'mkdirat',
      'mkdirat',
      'mkdirat',
    ]);
    expect(names(openTarget({ ...target, kind: 'file' })).filter((name) => name !== 'openat2')).toEqual([
      'mkdirat',
      'mkdirat',
      'mknodat',
    ]);
  });

  test('never gives the kernel a path that could be the host’s', () => {
    for (const step of walk(openTarget({ ...target, kind: 'file' }))) {
      if (step.op !== 'call') continue;
      const path = step.args[1];
      expect(path).toMatchObject({ text: expect.stringMatching(/^"[^/]/) as string });
      expect(step.args[0]).not.toBe(-100);
    }
  });
});

describe('defaultMounts', () => {
  const mounted = (other: Partial<NamespaceSources>): string[] =>
    calls(defaultMounts({ rootFd: 4, sources: sources(other) }).steps).filter((line) =>
      /^(fsmount|open_tree)/.test(line),
    );

  test('are all mounted anew in namespaces of the own', () => {
    expect(mounted({})).toEqual([
      'fsmount mount proc on /proc',
      'fsmount mount a tmpfs on /dev',
      'fsmount mount devpts on /dev/pts',
      'fsmount mount a tmpfs on /dev/shm',
      'fsmount mount mqueue on /dev/mqueue',
      'fsmount mount sysfs on /sys',
    ]);
  });

  test('are bound where a user namespace may not mount', () => {
    const found = mounted({ user: 'new', pid: 'host', net: 'host', ipc: 'host' });
    expect(found).toContain("open_tree bind the host's /proc");
    expect(found).toContain("open_tree bind the host's /sys");
    expect(found).toContain("open_tree bind the host's /dev/mqueue");
    expect(found).toContain("open_tree bind the host's /dev/shm");
    expect(found).toContain('open_tree bind /dev/null of the host');
  });

  test('give terminals to group 5 where it is mapped, or may be', () => {
    const given = (gidMap?: readonly IdMapping[], user: NamespaceSources['user'] = 'new'): number =>
      calls(defaultMounts({ rootFd: 4, sources: sources({ user }), gidMap }).steps).filter((line) =>
        line.endsWith('gid=5'),
      ).length;
    expect(given([{ inside: 0, outside: 0, length: 6 }])).toBe(1);
    expect(given([{ inside: 0, outside: 0, length: 5 }])).toBe(0);
    expect(given(undefined, { pid: 1 })).toBe(1);
    expect(given(undefined, 'host')).toBe(1);
  });

  test('leave out the queues of a foreign ipc namespace', () => {
    expect(mounted({ user: 'new', ipc: { pid: 1 } }).filter((line) => line.includes('mqueue'))).toEqual([]);
  });

  test('refuse a size of /dev/shm that is none', () => {
    expect(() => defaultMounts({ rootFd: 4, sources: sources({}), shmSizeBytes: 0 })).toThrow(
      /size 0 of \/dev\/shm/,
    );
    expect(() => defaultMounts({ rootFd: 4, sources: sources({}), shmSizeBytes: 1.5 })).toThrow(
      /positive number/,
    );
  });
});

describe('userMounts', () => {
  const mounts = planMounts(
    [{ type: 'bind', source: '/s', target: '/t', readonly: true }],
    () => 'directory',
  );

  test('open sources in the monitor with privilege, in the child without', () => {
    const privileged = userMounts({ mounts, rootFd: 4 });
    expect(names(privileged.host)).toEqual(['open_tree']);
    expect(names(privileged.init)).not.toContain('open_tree');
    const rootless = userMounts({ mounts, rootFd: 4, privileged: false });
    expect(rootless.host).toEqual([]);
    expect(names(rootless.init)[0]).toBe('open_tree');
  });

  test('change propagation and mode in one call where both go as deep', () => {
    const count = (spec: object): number =>
      names(
        userMounts({
          mounts: planMounts([{ type: 'bind', source: '/s', target: '/t', ...spec }], () => 'directory'),
          rootFd: 4,
        }).init,
      ).filter((name) => name === 'mount_setattr').length;
    expect(count({ readonly: true })).toBe(1);
    expect(count({ readonly: 'non-recursive' })).toBe(2);
    expect(count({ readonly: 'non-recursive', propagation: 'slave' })).toBe(1);
  });

  test('none are no steps', () => {
    expect(userMounts({ mounts: [], rootFd: 4 })).toEqual({ host: [], init: [] });
  });
});

describe('other fragments', () => {
  test('joining opens pidfds and paths', () => {
    const plan = planNamespaces({ namespaces: { net: { pid: 7 }, uts: { path: '/run/uts' } } });
    expect(calls(joinNamespaces(plan))).toEqual([
      'openat open /run/uts',
      'setns enter the uts namespace of /run/uts',
      'close close /run/uts',
      'pidfd_open find process 7',
      'setns enter the net namespace of process 7',
      'close close process 7',
    ]);
    expect(joinNamespaces({ joins: [] })).toEqual([]);
  });

  test('an overlay that the child mounts needs a place', () => {
    const root = { kind: 'overlay', lower: ['/l'], userxattr: true } as const;
    expect(() => attachRoot({ root })).toThrow(/needs a directory to be mounted on/);
  });

  test('masks are refused when they are not absolute', () => {
    expect(() => maskPaths({ rootFd: 4, paths: ['proc/kcore'], nullDevice: slot('null') })).toThrow(
      /is not absolute/,
    );
    expect(() => maskPaths({ rootFd: 4, paths: ['/proc/..'], nullDevice: slot('null') })).toThrow(
      /the root can be/,
    );
    expect(maskPaths({ rootFd: 4, paths: [], nullDevice: slot('null') })).toEqual([]);
  });

  test('names have a length', () => {
    expect(() => checkHostname('hostname', 'x'.repeat(65))).toThrow(/of 65 bytes is longer than 64/);
    expect(() => checkHostname('domainname', '')).toThrow(/the name is empty/);
    expect(() => setNames({ hostname: 'a\0b' })).toThrow(/holds a NUL/);
    expect(setNames({})).toEqual([]);
  });

  test('a window has a size', () => {
    for (const size of [
      { rows: -1, columns: 1 },
      { rows: 1, columns: 65_536 },
      { rows: 1.5, columns: 1 },
    ]) {
      expect(() => checkWindowSize(size)).toThrow(/are not between 0 and 65535/);
    }
  });

  test('together compile for both architectures, and read as sentences', () => {
    const own = defaultMounts({ rootFd: 4, sources: sources({}) });
    const steps = [
      ...attachRoot({ root: 4 }).steps,
      ...own.steps,
      ...openTerminal({
        pts: own.pts,
        size: { rows: 24, columns: 80 },
        sockets: [5],
        into: slot('terminal'),
      }),
      ...pivotRoot({ rootFd: 4 }),
    ];
    const program = { title: 'test', statusFd: 3, failureStatus: 1, steps };
    expect(compile(program, 'x86_64').code.length).toBeLessThan(16_384);
    expect(compile(program, 'aarch64').code.length).toBeLessThan(24_576);
    const text = explain(program);
    expect(text).toContain('mount proc on /proc');
    expect(text).toContain('make it the root of the mount namespace');
  });
});
