import {
  again,
  call,
  CLONE,
  compute,
  exit,
  flagText,
  leave,
  load,
  loop,
  set,
  SIG,
  slot,
  struct,
  W,
  when,
  type Data,
  type Field,
  type Slot,
  type Step,
} from '@ns/syscall';

import { ALL_SIGNALS, SIGSET_SIZE } from './process.js';

/**
 * For a child with whom its parent has nothing to talk about: it borrows the parent's memory, and the parent waits until
 * the child executes the user's program. Copying memory would be the dearest part of a clone.
 */
export const BORROW_MEMORY: number = CLONE.CLONE_VM | CLONE.CLONE_VFORK;

const EXIT_SIGNAL: Field = ['exit_signal', 8, SIG.SIGCHLD, 'SIGCHLD'];

/** `struct clone_args`; with a cgroup directory's descriptor to join it at birth. See clone3(2). */
export function cloneArguments(flags: number, cgroup?: number): Data {
  const text = flagText('CLONE', flags);
  const plain: Field[] = [
    ['flags', 8, flags, text],
    ['', 8, 0],
    ['', 8, 0],
    ['', 8, 0],
    // A sibling's end is told as the caller's own is.
    ...((flags & CLONE.CLONE_PARENT) === 0 ? [EXIT_SIGNAL] : [['exit_signal', 8, 0] as const]),
    ['', 8, 0],
    ['', 8, 0],
    ['', 8, 0],
  ];
  if (cgroup === undefined) return struct(plain);
  // A sum: the flag is above bit 31.
  const [, ...rest] = plain;
  return struct([
    ['flags', 8, flags + CLONE.CLONE_INTO_CGROUP, `${text}|CLONE_INTO_CGROUP`],
    ...rest,
    ['', 8, 0],
    ['', 8, 0],
    ['cgroup', 8, cgroup],
  ]);
}

/**
 * Take signals one by one until `child` has ended; `status` gets its wait status.
 *
 * All signals must be blocked: they are pending until they are taken, so none is lost between two looks.
 */
export function waitForChild(child: Slot, status: Data, onSignal: (signal: Slot) => readonly Step[]): Step {
  const signal = slot('signal');
  return loop(
    call('rt_sigtimedwait', [ALL_SIGNALS, 0, 0, SIGSET_SIZE], {
      what: 'wait for a signal',
      into: signal,
      // Being stopped and continued interrupts the wait.
      tolerate: ['EINTR'],
    }),
    when([signal, '<=', 0], [again]),
    when([signal, '==', SIG.SIGCHLD], reap(child, status), onSignal(signal)),
  );
}

/** Collect every child that has ended, leaving the loop around when `child` is among them. */
function reap(child: Slot, status: Data): Step[] {
  const gone = slot('gone');
  const done = slot('done');
  return [
    set(done, 0),
    loop(
      call('wait4', [-1, status, W.WNOHANG, 0], {
        what: 'collect a child',
        into: gone,
        tolerate: ['ECHILD'],
      }),
      when([gone, '==', child], [set(done, 1), leave]),
      when([gone, '<=', 0], [leave]),
    ),
    when([done, '==', 1], [leave]),
  ];
}

/** Exit as the child did, as a shell would say it: its exit status, or 128 + the signal. */
export function exitAs(status: Data): Step[] {
  const word = slot('status');
  const signal = slot('signal');
  return [
    load(word, status, 0, 4),
    compute(signal, word, '&', 0x7f),
    compute(word, word, '>>', 8),
    compute(word, word, '&', 0xff),
    when([signal, '!=', 0], [compute(word, signal, '+', 128)]),
    exit(word),
  ];
}
