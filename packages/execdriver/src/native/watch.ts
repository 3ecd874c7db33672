import {
  at,
  call,
  cstr,
  exit,
  O,
  scratch,
  SIG,
  slot,
  store,
  when,
  type Data,
  type Slot,
  type Step,
} from '@ns/syscall';

import { DESCRIPTOR, REPORT } from './descriptors.js';
import { blockSignals, nameProcess, resetSignals } from './process.js';
import { FILES } from './state.js';
import { waitForChild } from './supervise.js';

/** The first steps of a program that will stay as a monitor: a session of its own, signals to be taken one by one. */
export const beginMonitor = (name: string): Step[] => [
  nameProcess(name),
  // Ctrl-C in the creator's terminal is not for the monitor. EPERM: it leads a process group already.
  call('setsid', [], { what: 'leave the creator’s session', tolerate: ['EPERM'] }),
  call('chdir', [cstr('/')], { what: 'leave the creator’s working directory' }),
  ...resetSignals(),
  blockSignals(),
];

/** Tell the creator something, if it is still there. */
export function report(kind: number, value: Slot | Data): Step[] {
  const record = scratch(8, 'report');
  const word = value.kind === 'slot' ? value : slot('word');
  return [
    store(kind, record, 0, 4),
    ...(value.kind === 'slot' ? [] : [loadWord(word, value)]),
    store(word, record, 4, 4),
    call('write', [DESCRIPTOR.report, record, 8], { what: 'report to the creator', tolerate: 'any' }),
  ];
}

const loadWord = (into: Slot, from: Data): Step => ({ op: 'load', from, at: 0, width: 4, into });

/** Write the pids where an adopter finds them, before the container's program can do anything. */
export function recordPids(child: Slot): Step[] {
  const self = slot('self');
  const record = scratch(8, 'pids');
  return [
    call('getpid', [], { what: 'get the monitor’s process id', into: self }),
    store(self, record, 0, 4),
    store(child, record, 4, 4),
    ...writeStateFile(FILES.pids, record, 8, undefined),
  ];
}

/**
 * Wait for the container's first process, and write down how it ended: in the state directory for whoever comes, and
 * to the creator. Then exit.
 *
 * SIGUSR1 means that the container's stdin has come to its end.
 */
export function watch(child: Slot, options: { readonly record: boolean }): Step[] {
  const ended = scratch(24, 'exit record');
  return [
    waitForChild(child, ended, (signal) => [
      when(
        [signal, '==', SIG.SIGUSR1],
        [call('close', [DESCRIPTOR.heldStdin], { what: 'end the container’s stdin', tolerate: ['EBADF'] })],
      ),
    ]),
    ...(options.record
      ? [
          call('clock_gettime', [0, at(ended, 8)], { what: 'get the time' }),
          // A full disk must not keep the creator from hearing of the end.
          ...writeStateFile(FILES.exit, ended, 24, 'any'),
        ]
      : []),
    ...report(REPORT.exited, ended),
    exit(0),
  ];
}

/** Write a small file and rename it into place, so that it is there whole or not at all. */
function writeStateFile(name: string, content: Data, size: number, tolerate: 'any' | undefined): Step[] {
  const file = slot(name);
  const temporary = cstr(`${name}.tmp`);
  const options = tolerate === undefined ? {} : { tolerate };
  return [
    call('openat', [DESCRIPTOR.state, temporary, O.O_WRONLY | O.O_CREAT | O.O_TRUNC | O.O_CLOEXEC, 0o600], {
      what: `create the state file ${name}`,
      into: file,
      ...options,
    }),
    call('write', [file, content, size], { what: `write the state file ${name}`, ...options }),
    call('close', [file], { what: `close the state file ${name}`, ...options }),
    call('renameat2', [DESCRIPTOR.state, temporary, DESCRIPTOR.state, cstr(name), 0], {
      what: `put the state file ${name} in place`,
      ...options,
    }),
  ];
}
