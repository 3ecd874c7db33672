import { explain, walk, type CallStep, type Step } from '@ns/syscall';
import { describe, expect, it } from 'vitest';

import { createCommand, launchProgram, type LaunchPlan } from './launch.js';
import { supervise } from './supervise.js';

const PLAN: LaunchPlan = {
  root: '/state/root',
  tree: '/state/driver/tree',
  sources: [
    { index: 0, path: '/srv', kind: 'directory' },
    { index: 2, path: '/etc/hosts', kind: 'file' },
  ],
  files: { domain: '/state/domain.xml', messages: '/state/libvirt.log', failure: '/state/failure' },
  virsh: '/usr/bin/virsh',
  uri: 'lxc:///system',
  passed: 11,
};
const OWN = { libvirtd: '/usr/sbin/libvirtd', driver: '/usr/lib/libvirt_driver_lxc.so' };

const calls = (steps: readonly Step[]): CallStep[] =>
  [...walk(steps)].filter((step): step is CallStep => step.op === 'call');
const objects = (steps: readonly Step[], name: string): unknown[] =>
  calls(steps).flatMap((step) => (step.name === name ? [step.object ?? step.what] : []));

describe('the launcher', () => {
  it('mounts nothing of its own where libvirtd is the system’s', () => {
    const { steps } = launchProgram(PLAN);
    expect(objects(steps, 'mount')).toEqual(['/state/driver/tree', '/state/root', '/srv', '/etc/hosts']);
    expect(objects(steps, 'execve')).toEqual(['/usr/bin/virsh']);
  });

  it('takes what it needs of the host before it covers it', () => {
    const { steps } = launchProgram({ ...PLAN, own: OWN });
    const names = calls(steps).map((step) => `${step.name} ${step.object ?? step.what}`);
    const covered = names.indexOf('mount /run');
    expect(covered).toBeGreaterThan(names.indexOf('open_tree take it by descriptor'));
    expect(covered).toBeGreaterThan(names.indexOf('openat /state/domain.xml'));
    expect(names.slice(covered).filter((name) => name.includes('/state') || name.includes('/srv'))).toEqual(
      [],
    );
    expect(objects(steps, 'execve')).toEqual(['/usr/sbin/libvirtd', '/usr/bin/virsh']);
  });

  it('has virsh pass on descriptors without a gap', () => {
    expect(createCommand(PLAN).slice(4)).toEqual([
      'create',
      '--pass-fds',
      '3,4,5,6,7,8,9,10,11,12,13',
      '/proc/self/fd/41',
    ]);
  });

  it('says what it is about to do', () => {
    expect(explain(launchProgram({ ...PLAN, own: OWN }))).toContain('start libvirtd');
  });
});

describe('the supervisor', () => {
  it('makes one child, which is process 1', () => {
    const made = calls(supervise()).filter(({ name }) => name === 'clone');
    expect(made.map(({ args }) => args[0])).toEqual([0x2000_0011]);
  });
});
