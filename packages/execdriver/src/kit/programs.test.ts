import { explain, walk, type CallStep, type Program, type Step } from '@ns/syscall';
import { describe, expect, test } from 'vitest';

import { checkCommand } from './check-command.js';
import { commandProgram, type CommandPlan } from './command-program.js';
import { innerProgram, type InnerFacts } from './inner-program.js';

const plan = (change: Partial<CommandPlan> = {}): CommandPlan => ({
  command: { file: '/usr/bin/tool', args: ['tool', 'run'], env: ['A=1'], life: 'stays' },
  root: undefined,
  extra: [],
  rlimits: [],
  stdio: {},
  record: true,
  ...change,
});

const calls = (steps: readonly Step[]): CallStep[] =>
  [...walk(steps)].filter((step): step is CallStep => step.op === 'call');
const names = (program: Program): string[] => calls(program.steps).map(({ name }) => name);
const child = (program: Program): CallStep[] => {
  const clone = [...walk(program.steps)].find((step) => step.op === 'clone');
  return clone?.op === 'clone' ? calls(clone.child) : [];
};

describe('the program of a command', () => {
  test('executes it last, with its arguments and environment alone', () => {
    const last = child(commandProgram(plan())).at(-1)!;
    expect(last.name).toBe('execve');
    expect(last.args.map((arg) => (typeof arg === 'object' && 'text' in arg ? arg.text : arg))).toEqual([
      '"/usr/bin/tool"',
      '["tool", "run"]',
      '["A=1"]',
    ]);
    expect(last.hints?.['ENOENT']).toBe('/usr/bin/tool is not installed');
  });

  test('makes a mount namespace only for what takes one', () => {
    expect(names(commandProgram(plan()))).not.toContain('unshare');
    expect(names(commandProgram(plan()))).not.toContain('move_mount');
    const { command } = plan();
    const without = commandProgram(plan({ command: { ...command, unmount: ['/a', '/b'] } }));
    expect(
      child(without)
        .filter(({ name }) => name === 'umount2')
        .map(({ object }) => object),
    ).toEqual(['/a', '/b']);
    const root = { root: 6, at: '/state/root', mounts: [], readonly: true, cwd: '/made' };
    const order = child(commandProgram(plan({ root }))).map(({ name }): string => name);
    const places = ['unshare', 'move_mount', 'mkdirat', 'mount_setattr', 'execve'].map((name) =>
      order.indexOf(name),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test('becomes the parent of whoever a command leaves, and of nobody else', () => {
    expect(explain(commandProgram(plan()))).not.toContain('SUBREAPER');
    const { command } = plan();
    const text = explain(commandProgram(plan({ command: { ...command, life: { pidFile: '/state/pid' } } })));
    expect(text).toContain('PR_SET_CHILD_SUBREAPER');
    expect(text).toContain('/state/pid');
  });

  test('gives descriptors their numbers after all others are marked', () => {
    const steps = child(commandProgram(plan({ extra: [3, 7] })));
    const marked = steps.findIndex(({ name }) => name === 'close_range');
    const given = steps
      .map(({ name, args }, at) => ({ name, args, at }))
      .filter(({ name, at }) => name === 'dup3' && at > marked);
    expect(given.map(({ args }) => args)).toEqual([
      [64, 3, 0],
      [65, 7, 0],
    ]);
  });

  test('writes nothing down for a program that is executed', () => {
    expect(explain(commandProgram(plan()))).toContain('state file');
    expect(explain(commandProgram(plan({ record: false })))).not.toContain('state file');
  });
});

const facts: InnerFacts = {
  identity: { uid: 1000, gid: 1001, groups: [44] },
  env: ['PATH=/bin'],
  rlimits: [],
  highestCapability: 40,
  filter: undefined,
  status: '/.ns/start.status',
  before: [],
  diesWithParent: false,
  init: false,
};

describe('the inner program', () => {
  test('says that it runs, makes and enters the directory, becomes the user, and the program', () => {
    const program = innerProgram({ args: ['tool'], env: [], cwd: '/srv' }, facts);
    const order = names(program);
    const places = [
      'write',
      'setsid',
      'mkdirat',
      'chdir',
      'setgroups',
      'setresgid',
      'setresuid',
      'execve',
    ].map((name) => order.indexOf(name));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(explain(program)).toContain('/bin/tool');
  });

  test('dies with its parent only where it is told to: a tool that leaves is its parent, too', () => {
    const text = (diesWithParent: boolean): string =>
      explain(innerProgram({ args: ['tool'], env: [] }, { ...facts, diesWithParent }));
    expect(text(true)).toContain('PR_SET_PDEATHSIG');
    expect(text(false)).not.toContain('PR_SET_PDEATHSIG');
  });

  test('refuses a working directory that leaves the root', () => {
    expect(() => innerProgram({ args: ['tool'], env: [], cwd: '/../..' }, facts)).toThrow(
      /working directory/,
    );
  });
});

describe('a definition’s command', () => {
  const { command } = plan();
  test.each([
    [{ file: 'tool' }, '"tool" is not an absolute path'],
    [{ args: [] }, 'has no arguments'],
    [{ cwd: 'tmp' }, '"tmp" is not an absolute path'],
    [{ fds: { 2: 5 } }, 'descriptor 2 is not from 3 to 30'],
    [{ fds: { 31: 5 } }, 'descriptor 31 is not from 3 to 30'],
    [{ life: { pidFile: 'pid' } }, '"pid" is not an absolute path'],
  ])('is refused: %o', (change, message) => {
    expect(() => checkCommand({ ...command, ...change })).toThrow(message);
  });

  test('is taken', () => {
    const good = { ...command, fds: { 3: 9, 30: 9 }, cwd: '/', life: { pidFile: '/pid' } };
    expect(() => checkCommand(good)).not.toThrow();
  });
});
