import {
  again,
  AT,
  call,
  compute,
  cstr,
  leave,
  load,
  loop,
  O,
  P,
  scratch,
  set,
  SIG,
  slot,
  store,
  W,
  when,
  type Data,
  type Slot,
  type Step,
} from '@ns/syscall';

import { REPORT } from '../native/descriptors.js';
import { ALL_SIGNALS, SIGSET_SIZE } from '../native/process.js';
import { endInput, recordPids, report, tellEnd, watch, type WatchOptions } from '../native/watch.js';
import { takeConsole } from './console.js';

/**
 * Wait for the end of a command that leaves its container to the monitor, then for that of the container's first process,
 * whose pid the command has written down. A command that fails, or leaves nobody, is the end.
 */
export function watchLeaving(
  command: Slot,
  { pidFile, makesTerminal }: { readonly pidFile: string; readonly makesTerminal: boolean },
  options: WatchOptions,
): Step[] {
  const ended = scratch(24, 'exit record');
  const status = slot('status');
  const first = slot('first process');
  const answer = slot('answer');
  return [
    waitForCommand(command, ended),
    load(status, ended, 0, 4),
    when([status, '!=', 0], tellEnd(ended, options)),
    ...readPid(pidFile, first),
    // Nothing is collected: whoever is not a child is found out.
    call('waitid', [P.P_PID, first, 0, W.WEXITED | W.WNOHANG | W.WNOWAIT, 0], {
      what: 'find the container’s first process among the children',
      into: answer,
      tolerate: ['ECHILD', 'EINVAL'],
    }),
    when([answer, '<', 0], tellEnd(ended, options)),
    ...(makesTerminal ? takeConsole() : []),
    ...(options.record ? recordPids(first) : []),
    ...report(REPORT.left, first),
    ...lookAgain(),
    ...watch(first, options),
  ];
}

/** Only for the command: the exit of a container that has ended by now is not for this wait. */
function waitForCommand(command: Slot, status: Data): Step {
  const signal = slot('signal');
  const gone = slot('gone');
  return loop(
    call('rt_sigtimedwait', [ALL_SIGNALS, 0, 0, SIGSET_SIZE], {
      what: 'wait for a signal',
      into: signal,
      tolerate: ['EINTR'],
    }),
    when([signal, '<=', 0], [again]),
    ...endInput(signal),
    when(
      [signal, '==', SIG.SIGCHLD],
      [
        call('wait4', [command, status, W.WNOHANG, 0], { what: 'collect the command', into: gone }),
        when([gone, '==', command], [leave]),
      ],
    ),
  );
}

/** The signal of a child that has ended already may have been taken. */
function lookAgain(): Step[] {
  const self = slot('self');
  return [
    call('getpid', [], { what: 'get the monitor’s process id', into: self }),
    call('kill', [self, SIG.SIGCHLD], { what: 'look at the children once more' }),
  ];
}

const [ZERO, NINE] = [0x30, 0x39];

/** A number in decimal; 0 when there is none. */
function readPid(path: string, into: Slot): Step[] {
  const file = slot('pid file');
  const byte = scratch(8, 'digit');
  const digit = slot('digit');
  const tenfold = slot('tenfold');
  const count = slot('bytes');
  return [
    set(into, 0),
    call('openat', [AT.AT_FDCWD, cstr(path), O.O_RDONLY | O.O_CLOEXEC | O.O_NOFOLLOW, 0], {
      what: `open ${path}`,
      into: file,
      tolerate: 'any',
    }),
    loop(
      store(0, byte, 0, 8),
      call('read', [file, byte, 1], { what: `read ${path}`, into: count, tolerate: 'any' }),
      when([count, '<=', 0], [leave]),
      load(digit, byte, 0, 1),
      when([digit, '<', ZERO], [leave]),
      when([digit, '>', NINE], [leave]),
      compute(tenfold, into, '<<', 3),
      compute(into, into, '<<', 1),
      compute(into, into, '+', tenfold),
      compute(into, into, '+', digit),
      compute(into, into, '-', ZERO),
    ),
    call('close', [file], { what: `close ${path}`, tolerate: 'any' }),
  ];
}
