import {
  at,
  call,
  compute,
  cstr,
  exit,
  F,
  FIO,
  leave,
  load,
  LOCK,
  loop,
  O,
  scratch,
  set,
  SIG,
  slot,
  store,
  struct,
  when,
  type Data,
  type Slot,
  type Step,
} from '@ns/syscall';

import { DESCRIPTOR, REPORT } from './descriptors.js';
import { blockSignals, nameProcess } from './process.js';
import { FILES } from './state.js';
import { waitForChild } from './supervise.js';

/** The first steps of a program that will stay as a monitor: a session of its own, signals to be taken one by one. */
export const beginMonitor = (name: string): Step[] => [
  nameProcess(name),
  // Ctrl-C in the creator's terminal is not for the monitor. EPERM: it leads a process group already.
  call('setsid', [], { what: 'leave the creator’s session', tolerate: ['EPERM'] }),
  call('chdir', [cstr('/')], { what: 'leave the creator’s working directory' }),
  blockSignals(),
];

/** Tell the creator something, if it is still there. */
export function report(kind: number, value: Slot | Data): Step[] {
  const record = scratch(8, 'report');
  const word = value.kind === 'slot' ? value : slot('word');
  return [
    store(kind, record, 0, 4),
    ...(value.kind === 'slot' ? [] : [load(word, value, 0, 4)]),
    store(word, record, 4, 4),
    call('write', [DESCRIPTOR.report, record, 8], { what: 'report to the creator', tolerate: 'any' }),
  ];
}

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

/** A monitor that keeps a record also sees to what is unread of these outputs. */
export type WatchOptions =
  | { readonly record: false }
  | { readonly record: true; readonly held: readonly HeldOutput[] };

/**
 * Wait for the container's first process, and write down how it ended: in the state directory for whoever comes, and
 * to the creator. Then exit, when its output has been read.
 */
export function watch(child: Slot, options: WatchOptions): Step[] {
  const ended = scratch(24, 'exit record');
  return [waitForChild(child, ended, endInput), ...tellEnd(ended, options)];
}

/** What a monitor does about its signals: SIGUSR1 means that the container's stdin has come to its end. */
export const endInput = (signal: Slot): Step[] => [
  when(
    [signal, '==', SIG.SIGUSR1],
    [call('close', [DESCRIPTOR.heldStdin], { what: 'end the container’s stdin', tolerate: ['EBADF'] })],
  ),
];

/** @param ended - 24 bytes, of which the first four are the wait status. */
export function tellEnd(ended: Data, options: WatchOptions): Step[] {
  return [
    ...(options.record
      ? [
          call('clock_gettime', [0, at(ended, 8)], { what: 'get the time' }),
          // A full disk must not keep the creator from hearing of the end.
          ...writeStateFile(FILES.exit, ended, 24, 'any'),
        ]
      : []),
    ...report(REPORT.exited, ended),
    ...(options.record ? linger(options.held) : []),
    exit(0),
  ];
}

const LINGER_NS = 50_000_000;

/**
 * Stay until whoever is in charge has read all that the container wrote. When there is nobody, leave the rest in the
 * state directory, for whoever adopts the container.
 *
 * Who is in charge holds a lock on the state directory: see {@link StateDirectory.lock}.
 */
function linger(held: readonly HeldOutput[]): Step[] {
  const unread = slot('unread bytes');
  const pending = scratch(4, 'unread bytes');
  const word = slot('word');
  const time = struct([
    ['tv_sec', 8, 0],
    ['tv_nsec', 8, LINGER_NS],
  ]);
  return [
    loop(
      set(unread, 0),
      ...held.flatMap(({ fd }) => [
        store(0, pending, 0, 4),
        call('ioctl', [fd, FIO.FIONREAD, pending], { what: 'ask what is unread', tolerate: 'any' }),
        load(word, pending, 0, 4),
        compute(unread, unread, '+', word),
      ]),
      when([unread, '==', 0], [leave]),
      call('flock', [DESCRIPTOR.state, LOCK.LOCK_EX | LOCK.LOCK_NB], {
        what: 'find out whether anybody is in charge',
        into: word,
        tolerate: 'any',
      }),
      when([word, '==', 0], [...held.flatMap(saveRest), leave]),
      call('nanosleep', [time, 0], { what: 'give them time', tolerate: 'any' }),
    ),
  ];
}

/** An output that the monitor holds, and the file that the rest of it goes to. */
export interface HeldOutput {
  readonly fd: number;
  readonly file: string;
}

/** The most that a pipe holds is a megabyte, so this ends. */
function saveRest({ fd, file }: HeldOutput): Step[] {
  const to = slot(file);
  const buffer = scratch(4096, 'rest');
  const length = slot('length');
  return [
    // What still writes to it has outlived the container: it is not waited for.
    call('fcntl', [fd, F.F_SETFL, O.O_NONBLOCK], {
      what: `do not wait for more of ${file}`,
      tolerate: 'any',
    }),
    call('openat', [DESCRIPTOR.state, cstr(file), O.O_WRONLY | O.O_CREAT | O.O_TRUNC | O.O_CLOEXEC, 0o600], {
      what: `create the file for the rest of ${file}`,
      into: to,
      tolerate: 'any',
    }),
    loop(
      call('read', [fd, buffer, 4096], { what: `read the rest of ${file}`, into: length, tolerate: 'any' }),
      when([length, '<=', 0], [leave]),
      call('write', [to, buffer, length], { what: `save the rest of ${file}`, tolerate: 'any' }),
    ),
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
