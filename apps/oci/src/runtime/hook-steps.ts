import { BORROW_MEMORY, keepOnlyStandardStreams, setUmask } from '@ns/execdriver/runtime';
import {
  call,
  clone,
  cstr,
  fail,
  group,
  load,
  POLL,
  scratch,
  SEEK,
  SIG,
  slot,
  store,
  strings,
  struct,
  when,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { Hook } from '../plan.js';

/** How hooks of one kind are run inside of a program. */
export interface HookRun {
  /** `createContainer`, `startContainer`. */
  readonly kind: string;
  /** A file with the container's state. */
  readonly state: number;
  /** A file for what they write; absent: the streams of the container. */
  readonly output?: number | undefined;
  /** The highest descriptor of the program. */
  readonly last: number;
}

/** Run hooks one after the other, and fail when one does. */
export const hookSteps = (hooks: readonly Hook[], run: HookRun): Step[] =>
  hooks.length === 0 ? [] : [group(`hooks: ${run.kind}`, ...hooks.map((hook) => hookStep(hook, run)))];

function hookStep(hook: Hook, { kind, state, output, last }: HookRun): Step[] {
  const { path, args, env, timeoutSeconds } = hook;
  const child = slot('hook');
  const status = scratch(4, 'wait status');
  const word = slot('status');
  const what = `run the ${kind} hook ${path}`;
  const wait = call('wait4', [child, status, 0, 0], { what });
  return [
    // They share the file's position.
    call('lseek', [state, 0, SEEK.SEEK_SET], { what: 'go to the beginning of the state' }),
    clone({
      // A filter may have clone3(2) answer ENOSYS.
      args: BORROW_MEMORY,
      what,
      into: child,
      child: [
        call('dup3', [state, 0, 0], { what: 'give the hook the state' }),
        ...(output === undefined
          ? []
          : [1, 2].map((fd) => call('dup3', [output, fd, 0], { what: 'give the hook its output' }))),
        keepOnlyStandardStreams(3, last),
        setUmask(0o022),
        call('execve', [cstr(path), strings(args.length === 0 ? [path] : args), strings(env)], {
          what,
          object: path,
          hints: { ENOENT: 'the hook does not exist', EACCES: 'the hook may not be executed' },
        }),
      ],
    }),
    ...(timeoutSeconds === undefined ? [wait] : waitUntil({ child, what, path, timeoutSeconds, wait })),
    load(word, status, 0, 4),
    when(
      [word, '!=', 0],
      [fail('ECANCELED', { what, object: path, hints: { ECANCELED: 'the hook ended with an error' } })],
    ),
  ];
}

function waitUntil(options: {
  readonly child: Slot;
  readonly what: string;
  readonly path: string;
  readonly timeoutSeconds: number;
  readonly wait: Step;
}): Step[] {
  const { child, what, path, timeoutSeconds, wait } = options;
  const pidfd = slot('pidfd of the hook');
  const ready = slot('ready');
  const poll = struct(
    [
      ['fd', 4, 0],
      ['events', 2, POLL.POLLIN],
      ['revents', 2, 0],
    ],
    { writable: true },
  );
  // The kernel writes what is left of the time.
  const time = struct(
    [
      ['tv_sec', 8, timeoutSeconds],
      ['tv_nsec', 8, 0],
    ],
    { writable: true },
  );
  return [
    call('pidfd_open', [child, 0], { what, into: pidfd }),
    store(pidfd, poll, 0, 4),
    call('ppoll', [poll, 1, time, 0, 0], { what, into: ready }),
    call('close', [pidfd], { what }),
    when(
      [ready, '==', 0],
      [
        call('kill', [child, SIG.SIGKILL], { what: `end the hook ${path}` }),
        wait,
        fail('ETIMEDOUT', {
          what,
          object: path,
          hints: { ETIMEDOUT: `the hook did not end within its timeout of ${timeoutSeconds} s` },
        }),
      ],
    ),
    wait,
  ];
}

/** One letter to the creator: how far the process is. See {@link TOLD}. */
export const tell = (socket: Operand, letter: string, what: string): Step =>
  call('write', [socket, cstr(letter), 1], { what });

/** Wait for the creator's word. */
export function awaitWord(socket: Operand, what: string): Step[] {
  const length = slot('length');
  const hints = { EPIPE: 'the process that creates the container has ended' };
  return [
    call('read', [socket, scratch(1, 'byte'), 1], { what, into: length }),
    when([length, '==', 0], [fail('EPIPE', { what, hints })]),
  ];
}

/** What a process tells its creator: a letter, or a descriptor. */
export const TOLD = {
  /** The namespaces and mounts are there: hooks of the runtime are to be run, and the process waits. */
  hooks: 'H',
  /** All is done but the program itself. */
  created: 'C',
} as const;
