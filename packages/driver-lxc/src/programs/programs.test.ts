import type { ContainerSpec } from '@ns/execdriver';
import { compile, explain, walk, type Step } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { furnished } from './furnished.js';
import { launchProgram } from './launch.js';
import { mountProgram } from './mount.js';
import { noteProgram } from './note.js';
import { planParts, type Parts } from './parts.js';
import { sharedSlots } from './shared-slots.js';

const SPEC: ContainerSpec = {
  id: 'web',
  root: { kind: 'directory', path: '/srv/rootfs' },
  process: { args: ['true'], env: [] },
  mounts: [
    { type: 'bind', source: '/srv/data', target: '/data' },
    { type: 'tmpfs', target: '/scratch' },
    { type: 'bind', source: '/srv/more', target: '/more', readonly: true },
  ],
};
const ROOT_MOUNT = '/usr/lib/lxc/rootfs';
const LAUNCH = {
  root: '/run/root',
  rootMount: ROOT_MOUNT,
  mountProgram: '/run/mount.elf',
  noteProgram: '/run/note.elf',
  failureFile: '/run/failure',
  messages: '/run/log',
  lxcStart: '/usr/bin/lxc-start',
  args: ['lxc-start', '--name=web'],
  env: ['PATH=/'],
};

const parts = (change: Partial<ContainerSpec> = {}): Parts =>
  planParts({ ...SPEC, ...change }, '/run/inner', () => 'directory', undefined);
const names = (steps: readonly Step[]): string[] =>
  [...walk(steps)].flatMap((step) => (step.op === 'call' ? [step.name] : []));
const texts = (steps: readonly Step[]): string[] =>
  [...walk(steps)].flatMap((step) => (step.op === 'call' ? [step.what] : []));

describe('the programs around a start', () => {
  test('share the sources of bind mounts, the inner program last', () => {
    const { passed, mounts } = parts();
    expect(passed.map(({ name }) => name)).toEqual([
      'mount for /data',
      'mount for /more',
      'mount for /dev/.ns',
    ]);
    expect(sharedSlots(mounts.init, mounts.host)).toEqual([]);
  });

  test('can be compiled, whatever there is of a container', () => {
    const network = {
      interfaces: [{ name: 'eth0', link: { kind: 'veth', hostName: 'v0' }, addresses: ['10.0.0.2/24'] }],
    } as const;
    for (const change of [
      {},
      { defaultMounts: false, sysctls: { 'net.core.somaxconn': '1' } },
      { network, namespaces: { ipc: { pid: 1 }, cgroup: { path: '/run/cgroup' } } },
      { process: { ...SPEC.process, terminal: { rows: 1, columns: 1 } } },
    ] as const) {
      const all = parts(change);
      const unified = { mountPoint: '/sys/fs/cgroup/unified', group: '/web' };
      for (const program of [launchProgram(all, { ...LAUNCH, unified }), mountProgram(all, ROOT_MOUNT)]) {
        expect(compile(program, 'x86_64').elf.length).toBeLessThan(32 * 1024);
      }
    }
    expect(compile(noteProgram('/run/end', '/sys/counter'), 'aarch64').elf.length).toBeGreaterThan(0);
  });

  test('the launcher becomes lxc-start, with the streams of the container put aside', () => {
    const { steps } = launchProgram(parts(), LAUNCH);
    expect(names(steps).at(-1)).toBe('execve');
    const what = texts(steps);
    const positions = [
      'keep descriptor 2 for the container',
      'have LXC write to /run/log',
      'run /usr/bin/lxc-start',
    ].map((each) => what.indexOf(each));
    expect(positions).not.toContain(-1);
    expect(positions).toEqual(positions.toSorted((left, right) => left - right));
  });

  test('the launcher joins the version 2 group, and hides it from LXC', () => {
    const unified = { mountPoint: '/sys/fs/cgroup/unified', group: '/web' };
    const joined = texts(launchProgram(parts(), { ...LAUNCH, unified }).steps);
    expect(joined).toContain('join /web');
    expect(joined).toContain('hide /sys/fs/cgroup/unified from LXC');
    expect(texts(launchProgram(parts(), LAUNCH).steps)).not.toContain('join /web');
  });

  test('the network is made in the hook, by a socket of the host', () => {
    const network = { interfaces: [{ name: 'eth0', link: { kind: 'veth', hostName: 'v0' } }] } as const;
    expect(names(mountProgram(parts({ network }), ROOT_MOUNT).steps)).toContain('sendto');
    expect(names(mountProgram(parts(), ROOT_MOUNT).steps)).not.toContain('sendto');
  });

  test('what came from outside is not left in the container', () => {
    expect(texts(furnished(SPEC))).toEqual(
      expect.arrayContaining(['unmount /dev/.ns', 'remove /dev/.ns', 'take descriptor 0 of the container']),
    );
    expect(texts(furnished(SPEC))).not.toContain('unmount /dev');
    expect(texts(furnished({ ...SPEC, defaultMounts: false }))).toContain('unmount /dev');
    expect(texts(furnished({ ...SPEC, readonlyRoot: true }))).toContain('make the root read-only');
  });

  test('can be explained', () => {
    expect(explain(noteProgram('/run/end', '/sys/counter'))).toContain('/sys/counter');
  });
});
