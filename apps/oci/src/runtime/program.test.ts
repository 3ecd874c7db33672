import { compile, walk, type Program, type Step } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { planContainer } from '../config/plan-container.js';
import { checkConfig } from '../config/schema/config.js';
import type { ContainerPlan } from '../plan.js';
import { descriptorsFor } from './descriptors.js';
import type { CreateFacts } from './facts.js';
import { planOf } from './prepare.js';
import { createProgram, execProgram } from './program.js';
import { lateSteps } from './record.js';

const sets = { bounding: 0n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n };

const planned = (change: (config: Record<string, unknown>) => void = () => undefined): ContainerPlan => {
  const config = {
    ociVersion: '1.2.0',
    process: {
      args: ['app'],
      cwd: '/',
      user: { uid: 0, gid: 0 },
      env: ['PATH=/a:/b'],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'web',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
    ],
    linux: {
      namespaces: [
        { type: 'mount' },
        { type: 'pid' },
        { type: 'network' },
        { type: 'uts' },
        { type: 'cgroup' },
      ],
      maskedPaths: ['/proc/kcore'],
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
      },
    },
  };
  change(config);
  return planContainer(checkConfig(config), {
    id: 'web',
    bundle: '/bundle',
    root: '/bundle/rootfs',
    systemdCgroup: false,
    rootless: false,
    warn: () => undefined,
  });
};

const factsOf = (plan: ContainerPlan, other: Partial<CreateFacts> = {}): CreateFacts => ({
  namespaces: planOf(plan),
  privileged: true,
  canSetgroups: true,
  root: 51,
  rootPath: '/bundle/rootfs',
  kindOf: () => 'directory',
  cgroups: undefined,
  made: new Map(),
  noPivot: false,
  env: plan.process?.spec.env ?? [],
  rlimits: [],
  capabilities: sets,
  highestCapability: 40,
  filter: undefined,
  joining: undefined,
  fds: descriptorsFor(0, 0),
  terminal: false,
  preserved: 0,
  newKeyring: true,
  ...other,
});

const whats = (steps: readonly Step[]): string[] =>
  [...walk(steps)].flatMap((step) => (step.op === 'call' || step.op === 'clone' ? [step.what] : []));

/** What the first process does. */
function inside({ steps }: Program): readonly Step[] {
  const clone = [...walk(steps)].find((step) => step.op === 'clone');
  if (clone?.op !== 'clone') throw new Error('no child');
  return clone.child;
}

describe('descriptorsFor', () => {
  test.each([0, 1, 40, 100])('with %i preserved, none of ours is in their way', (preserved) => {
    const { last, preserved: passed, ...ours } = descriptorsFor(preserved, 2);
    const numbers = [...Object.values(ours), ours.mounts + 1];
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(Math.min(...numbers)).toBeGreaterThan(2 + preserved);
    expect(passed).toBeGreaterThan(Math.max(...numbers));
    expect(last).toBe(passed + preserved);
  });
});

describe('createProgram', () => {
  const plan = planned();
  const program = createProgram(plan, factsOf(plan));
  const order = whats(inside(program));
  const at = (what: string): number => {
    const index = order.findIndex((text) => text.includes(what));
    expect(index, what).toBeGreaterThan(-1);
    return index;
  };

  test('does things in their order', () => {
    const steps = [
      'join a new session keyring',
      'create a cgroup namespace',
      'attach the root',
      'let nobody trace',
      'bring lo up',
      'mount proc on /proc',
      'create /dev/null',
      'link /dev/ptmx',
      'set the host name to web',
      'hide /proc/kcore',
      'make it the root of the mount namespace',
      'make the root read-only',
      'start a session',
      'go to the working directory',
      'give up gaining privileges',
      'mark every descriptor',
      'set the capabilities',
      'find app',
      'tell the creator that the container is there',
      'wait for the start',
      'run /a/app',
    ];
    expect(steps.map(at)).toEqual(steps.map(at).toSorted((left, right) => left - right));
  });

  test('has its child become a child of the creator, and ends', () => {
    const clone = [...walk(program.steps)].find((step) => step.op === 'clone');
    expect(clone).toMatchObject({ args: { text: expect.stringContaining('CLONE_PARENT') as string } });
    expect(clone).toMatchObject({ args: { text: expect.stringContaining('exit_signal: 0') as string } });
    expect(whats(program.steps).at(-1)).toBe('exit');
  });

  test('opens no file after the start but the program', () => {
    const late = inside(program).slice(
      inside(program).findIndex((step) => step.op === 'group' && step.title === 'wait for the start'),
    );
    const calls = [...walk(late)].flatMap((step) => (step.op === 'call' ? [step.name] : []));
    expect(new Set(calls)).toEqual(new Set(['read', 'execve']));
  });

  test('tells start of the steps that can fail there', () => {
    const steps = lateSteps(compile(program, 'x86_64'), plan);
    expect(steps.map(({ what }) => what)).toContain('run /a/app');
    expect(steps.find(({ tag }) => tag === 'exec')).toMatchObject({
      hints: { ENOENT: expect.any(String) as string },
    });
    expect(steps.map(({ what }) => what)).not.toContain('attach the root');
  });

  test('waits for the creator only when it has something to do', () => {
    expect(order.join('\n')).not.toContain('wait for hooks');
    const hooked = planned((config) => (config['hooks'] = { createRuntime: [{ path: '/bin/hook' }] }));
    expect(whats(inside(createProgram(hooked, factsOf(hooked)))).join('\n')).toContain('wait for hooks');
  });

  test('waits for its id maps before it does anything with them', () => {
    const mapped = planned((config) => {
      const linux = config['linux'] as { namespaces: object[] } & Record<string, unknown>;
      linux.namespaces.push({ type: 'user' });
      linux['uidMappings'] = linux['gidMappings'] = [{ containerID: 0, hostID: 1000, size: 10 }];
    });
    const steps = whats(inside(createProgram(mapped, factsOf(mapped))));
    const index = (what: string): number => steps.findIndex((text) => text.includes(what));
    expect(index('wait for the id maps')).toBeGreaterThan(-1);
    expect(index('wait for the id maps')).toBeLessThan(index('attach the root'));
    expect(steps.join('\n')).toContain('bind /dev/null of the host');
  });

  test('stays in the session keyring of its caller when that is asked for', () => {
    const steps = whats(inside(createProgram(plan, factsOf(plan, { newKeyring: false })))).join('\n');
    expect(steps).not.toContain('join a new session keyring');
    const joined = { ...factsOf(plan), namespaces: { flags: 0, kinds: [], source: { pid: 1 } } };
    const exec = (newKeyring: boolean): string =>
      whats(inside(execProgram(plan.process!, { ...joined, newKeyring }))).join('\n');
    expect(exec(true)).toContain('join a new session keyring');
    expect(exec(false)).not.toContain('join a new session keyring');
  });

  test('without a process ends after the start', () => {
    const empty = planned((config) => delete config['process']);
    const steps = whats(inside(createProgram(empty, factsOf(empty))));
    expect(steps.at(-1)).toBe('exit');
    expect(lateSteps(compile(createProgram(empty, factsOf(empty)), 'x86_64'), empty)).toEqual([]);
  });
});
