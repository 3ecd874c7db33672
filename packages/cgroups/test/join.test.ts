import {
  call,
  CLONE,
  clone,
  compile,
  cstr,
  exit,
  loadImage,
  pipe,
  readAll,
  SIG,
  slot,
  spawn,
  strings,
  struct,
  waitPid,
  type Step,
} from '@ns/syscall';
import { expect, test } from 'vitest';

import { joinSteps, type Cgroup, type JoinOptions } from '../src/index.js';
import { layout, withGroup } from './children.js';
import { needs } from '@ns/testing';

/** The numbers that descriptors have in the program. */
const DIRECTORY = 10;
const FIRST = 11;

/** What a program that joined sees in its `/proc/self/cgroup`; a shell moves it to `out`. */
async function placesOf(
  group: Cgroup,
  options: JoinOptions,
  before: readonly Step[] = [],
): Promise<string[]> {
  using handle = group.openForJoin(options);
  const entries = handle.entries.map(({ hierarchy }, index) => ({ hierarchy, fd: FIRST + index }));
  const cat = call('execve', [cstr('/bin/cat'), strings(['cat', '/proc/self/cgroup']), strings([])], {
    what: 'run cat',
  });
  const child = [...before, ...joinSteps(entries), cat];
  const pid = slot('pid');
  const born = clone({
    args: struct([
      ['flags', 8, handle.directory === undefined ? 0 : CLONE.CLONE_INTO_CGROUP],
      ['', 8, 0],
      ['', 8, 0],
      ['', 8, 0],
      ['exit_signal', 8, SIG.SIGCHLD],
      ['', 8, 0],
      ['', 8, 0],
      ['', 8, 0],
      ['', 8, 0],
      ['', 8, 0],
      ['cgroup', 8, handle.directory === undefined ? 0 : DIRECTORY],
    ]),
    what: 'start a child in the cgroup',
    into: pid,
    child,
  });
  const steps = [born, call('wait4', [pid, 0, 0, 0], { what: 'wait' }), exit(0)];
  using program = loadImage(compile({ title: 'join', statusFd: 3, failureStatus: 111, steps }));
  using out = pipe();
  const fds: Record<number, number> = { 1: out.write.fd, 2: 2, 3: 2 };
  if (handle.directory !== undefined) fds[DIRECTORY] = handle.directory.fd;
  for (const [index, { fd }] of handle.entries.entries()) fds[FIRST + index] = fd;
  const started = spawn(program.path, { argv: ['join'], fds });
  out.write.close();
  const text = readAll(out.read.fd, 65_536).toString();
  while (waitPid(started) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(':')[2] ?? '');
}

test('a process is in the group from its first step that can be charged', async () => {
  await withGroup({}, async (group) => {
    const places = await placesOf(group, {});
    expect(places.length).toBeGreaterThanOrEqual(layout.hierarchies.length);
    expect(new Set(places)).toEqual(new Set([group.path]));
  });
});

test('all hierarchies can be joined by writing', async () => {
  await withGroup({}, async (group) => {
    expect(new Set(await placesOf(group, { cloneInto: false }))).toEqual(new Set([group.path]));
  });
});

const unified = { name: 'cgroup2', missing: () => (layout.unified ? undefined : 'cgroup2 is not mounted') };

test('version 2 can be joined at birth', needs(unified), async () => {
  await withGroup({}, async (group) => {
    expect(new Set(await placesOf(group, { cloneInto: true }))).toEqual(new Set([group.path]));
  });
});

test('the rights are those of whoever opened the descriptors', async () => {
  await withGroup({}, async (group) => {
    const nobody = call('setresuid', [65_534, 65_534, 65_534], { what: 'become nobody' });
    expect(new Set(await placesOf(group, { cloneInto: false }, [nobody]))).toEqual(new Set([group.path]));
  });
});

test('the descriptors are close-on-exec and for the group alone', async () => {
  await withGroup({}, (group) => {
    using handle = group.openForJoin({ cloneInto: false });
    expect(handle.entries.map(({ hierarchy }) => hierarchy).length).toBe(layout.hierarchies.length);
    expect(handle).not.toHaveProperty('directory');
    handle.close();
    expect(handle.entries.some(({ owner }) => owner.isOpen)).toBe(false);
  });
});
