import {
  call,
  clone,
  exit,
  F,
  leave,
  load,
  loop,
  O,
  scratch,
  set,
  SIG,
  slot,
  store,
  TIO,
  when,
  type Data,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import { blockSignals, dieWithMonitor, nameProcess, unblockSignals } from '../native/process.js';
import { waitForChild } from '../native/supervise.js';
import { endFrame, frames, readAll, sendSize, unframe } from './copy.js';
import { KILL_SIGNAL } from './exec-program.js';
import { CONTROL, EVENT, ofSlot, RECORD_SIZE } from './records.js';
import { pause, rawTermios } from './transport.js';

/** The descriptors of the relay, beside its streams. */
export const RELAY_FD = {
  /** Fifos of the slot. */
  input: 3,
  output: 4,
  errors: 5,
  events: 6,
  /** The fifo for commands to the guest. */
  control: 7,
  /** A file for what the guest tells. */
  report: 8,
  /** Holds the lock of the slot. */
  lock: 9,
} as const;

/** A program that is executed in a guest, as seen from the host. */
export interface Relay {
  readonly slot: number;
  readonly session: number;
  readonly isTerminal: boolean;
}

/**
 * The program of the host that stands for one that is executed in a guest: has its streams, passes signals on, and ends as it
 * does. When it is killed, a process that it leaves sees to it that the other is, too, and that the slot is free again.
 */
export function relayProgram({ slot: number, session, isTerminal }: Relay): Program {
  const ends = scratch(8, 'life line');
  const [alive, living] = [slot('life line, read end'), slot('life line, write end')];
  const [input, output, errors, events] = [slot('input'), slot('output'), slot('errors'), slot('events')];
  const status = scratch(4, 'wait status');
  const copy = (from: number, to: number, what: string, into: Slot): Step =>
    clone({
      args: 0,
      what: `start to copy ${what}`,
      into,
      child: [
        dieWithMonitor(),
        call('close', [living], { what: 'be not alive' }),
        unframe({ from, to, what, session }),
        exit(0),
      ],
    });
  return {
    title: 'stand for a program that is executed in a guest',
    statusFd: RELAY_FD.report,
    failureStatus: 127,
    steps: [
      nameProcess('ns-exec'),
      blockSignals(),
      ...(isTerminal
        ? [call('ioctl', [0, TIO.TCSETS, rawTermios()], { what: 'let the terminal pass every byte' })]
        : []),
      call('pipe2', [ends, O.O_CLOEXEC], { what: 'make a life line' }),
      load(alive, ends, 0, 4),
      load(living, ends, 4, 4),
      ...mourner(alive, living, number, session),
      clone({
        args: 0,
        what: 'start to copy the input',
        into: input,
        child: [
          dieWithMonitor(),
          call('close', [living], { what: 'be not alive' }),
          frames({ from: 0, to: RELAY_FD.input, what: 'input', session }),
          exit(0),
        ],
      }),
      copy(RELAY_FD.output, 1, 'output', output),
      ...(isTerminal ? [] : [copy(RELAY_FD.errors, 2, 'errors', errors)]),
      listener(events, living),
      ...command(CONTROL.exec, number, undefined),
      waitForChild(events, status, (signal) => passOn(signal, number, session, isTerminal)),
      waitFor(output),
      ...(isTerminal ? [] : [waitFor(errors)]),
      call('kill', [input, SIG.SIGKILL], { what: 'end the copying of input', tolerate: ['ESRCH'] }),
      waitFor(input),
      endFrame({ to: RELAY_FD.input, session }),
      call('write', [living, scratch(1, 'byte'), 1], { what: 'end in peace' }),
      ...endAs(status),
    ],
  };
}

const waitFor = (process: Slot): Step =>
  call('wait4', [process, 0, 0, 0], { what: 'wait until all is copied', tolerate: ['ECHILD'] });

/** Tell the guest something about the program of the slot. */
function command(kind: number, number: number, value: Slot | undefined): Step[] {
  const record = scratch(RECORD_SIZE, 'command');
  return [
    store(ofSlot(kind, number), record, 0, 4),
    store(value ?? 0, record, 4, 4),
    call('write', [RELAY_FD.control, record, RECORD_SIZE], { what: 'tell the guest', tolerate: 'any' }),
  ];
}

function passOn(signal: Slot, number: number, session: number, isTerminal: boolean): Step[] {
  const pass = command(CONTROL.signal, number, signal);
  if (!isTerminal) return pass;
  return [when([signal, '==', SIG.SIGWINCH], sendSize(0, { to: RELAY_FD.input, session }), pass)];
}

/** A process that reports what the guest tells, and ends as the program did. */
function listener(into: Slot, living: Slot): Step {
  const record = scratch(RECORD_SIZE, 'event');
  const [done, kind, told] = [slot('done'), slot('kind'), slot('told')];
  const status = scratch(4, 'wait status');
  const word = slot('word');
  return clone({
    args: 0,
    what: 'start to listen',
    into,
    child: [
      dieWithMonitor(),
      call('close', [living], { what: 'be not alive' }),
      loop(
        ...readAll(RELAY_FD.events, record, RECORD_SIZE, done, 'listen'),
        // The virtual machine is gone, and the program with it.
        when([done, '==', 0], die(SIG.SIGKILL)),
        load(kind, record, 0, 4),
        // The first is whether it runs. A hostile guest could say more than there is room for.
        when(
          [told, '==', 0],
          [
            call('write', [RELAY_FD.report, record, RECORD_SIZE], { what: 'report', tolerate: 'any' }),
            set(told, 1),
          ],
        ),
        when([kind, '==', EVENT.ended], [leave]),
      ),
      load(word, record, 4, 4),
      store(word, status, 0, 4),
      ...endAs(status),
    ],
  });
}

/** End as a wait status says. */
function endAs(status: Data): Step[] {
  const [word, signal] = [slot('status'), slot('signal')];
  return [
    load(word, status, 0, 4),
    load(signal, status, 0, 1),
    when([signal, '!=', 0], die(signal)),
    load(word, status, 1, 1),
    exit(word),
  ];
}

function die(signal: Slot | number): Step[] {
  const self = slot('self');
  return [
    unblockSignals(),
    call('getpid', [], { what: 'get the process id', into: self }),
    call('kill', [self, signal], { what: 'end by the signal' }),
    // A signal that ends nobody.
    exit(255),
  ];
}

/**
 * The process that is left when the relay is killed: it kills the program in the guest and takes what it has written until it
 * has ended.
 */
function mourner(alive: Slot, living: Slot, number: number, session: number): Step[] {
  const byte = scratch(1, 'byte');
  const [peace, kill] = [slot('peace'), slot('signal')];
  const rest = scratch(4096, 'rest');
  const record = scratch(RECORD_SIZE, 'event');
  const [length, kind] = [slot('length'), slot('kind')];
  const fds = [RELAY_FD.output, RELAY_FD.errors, RELAY_FD.events];
  return [
    clone({
      args: 0,
      what: 'leave a process behind',
      into: slot('mourner'),
      child: [
        call('close', [living], { what: 'be not alive' }),
        call('setsid', [], { what: 'leave the session' }),
        ...[0, 1, 2].map((fd) => call('close', [fd], { what: 'let go of the streams' })),
        call('read', [alive, byte, 1], {
          what: 'wait for the end of the relay',
          into: peace,
          tolerate: 'any',
        }),
        when([peace, '==', 1], [exit(0)]),
        set(kill, KILL_SIGNAL),
        ...command(CONTROL.signal, number, kill),
        ...fds.map((fd) => call('fcntl', [fd, F.F_SETFL, O.O_NONBLOCK], { what: 'wait for nobody' })),
        loop(
          ...fds
            .slice(0, 2)
            .map((fd) => call('read', [fd, rest, 4096], { what: 'take the rest', tolerate: 'any' })),
          call('read', [RELAY_FD.events, record, RECORD_SIZE], {
            what: 'listen',
            into: length,
            tolerate: 'any',
          }),
          // The virtual machine is gone.
          when([length, '==', 0], [exit(0)]),
          load(kind, record, 0, 4),
          when([length, '==', RECORD_SIZE], [when([kind, '==', EVENT.ended], [leave])]),
          when([length, '<', 0], [pause()]),
        ),
        endFrame({ to: RELAY_FD.input, session }),
        exit(0),
      ],
    }),
    call('close', [alive], { what: 'leave it to the other process' }),
  ];
}
