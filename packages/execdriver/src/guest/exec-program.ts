import { NAMESPACE_FLAGS } from '@ns/namespaces';
import {
  call,
  clone,
  group,
  load,
  O,
  scratch,
  SIG,
  slot,
  when,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { ProcessSpec } from '../contract.js';
import { DESCRIPTOR } from '../native/descriptors.js';
import { enter, insideSteps, type ExecFacts } from '../native/exec.js';
import { blockSignals, nameProcess, setDumpable } from '../native/process.js';
import { cloneArguments, waitForChild } from '../native/supervise.js';
import { execPort } from './exec-ports.js';
import { EVENTS, reserve, tell, tellOutcome } from './events.js';
import { EVENT } from './records.js';
import { pipes, terminal } from './streams.js';
import { openPort, type Transport } from './transport.js';

/** Stands for SIGKILL among the signals that the waiting process passes on: it must not die of it itself. */
export const KILL_SIGNAL = 64;

/** A program that is executed in a guest. */
export interface GuestExec {
  readonly transport: Transport;
  readonly slot: number;
  readonly session: number;
  readonly process: ProcessSpec;
  readonly facts: ExecFacts;
}

/**
 * The program that runs another program in the guest's container, copies its streams to the ports of its slot, tells the host
 * what happens, and passes signals on. The guest's first process starts it, with the container on descriptor
 * {@link DESCRIPTOR.target}.
 */
export function execGuestProgram({ transport, slot: number, session, process, facts }: GuestExec): Program {
  const child = slot('program');
  const events = slot('events');
  const status = scratch(4, 'wait status');
  const ends = scratch(8, 'status pipe');
  const [failure, told] = [slot('status pipe, read end'), slot('status pipe, write end')];
  const streams = (process.terminal === undefined ? pipes : terminal)({
    transport,
    owner: facts.identity.uid,
    ports: {
      stdin: execPort(number, 'input'),
      stdout: execPort(number, 'output'),
      stderr: execPort(number, 'errors'),
    },
    input: session,
    output: session,
  });
  return {
    title: `run ${process.args[0]} in the container of a guest`,
    statusFd: EVENTS,
    failureStatus: 127,
    steps: [
      blockSignals(),
      nameProcess('ns-exec'),
      setDumpable(0),
      ...reserve([DESCRIPTOR.root, DESCRIPTOR.console]),
      ...openPort(transport, execPort(number, 'events'), O.O_WRONLY, events),
      when(
        [events, '!=', EVENTS],
        [call('dup3', [events, EVENTS, O.O_CLOEXEC], { what: 'tell events and failures on descriptor 3' })],
      ),
      group('streams', ...streams.before),
      enter(NAMESPACE_FLAGS.pid, 'have the next child born in the container’s pid namespace'),
      call('pipe2', [ends, O.O_CLOEXEC], { what: 'make a status pipe' }),
      load(failure, ends, 0, 4),
      load(told, ends, 4, 4),
      clone({
        args: cloneArguments(0),
        what: 'create the process that enters the container',
        into: child,
        child: [
          call('dup3', [told, DESCRIPTOR.status, O.O_CLOEXEC], {
            what: 'tell failures to the waiting process',
          }),
          ...streams.inside,
          ...insideSteps(process, facts, NAMESPACE_FLAGS.pid, streams.channel),
        ],
      }),
      call('close', [told], { what: 'leave the status pipe to the process' }),
      ...streams.after,
      ...tellOutcome(failure),
      waitForChild(child, status, (signal) => passOn(child, signal)),
      ...streams.end,
      ...tell(EVENT.ended, status),
      // Its copier ends with the frame that the host sends then.
      ...streams.settle,
      ...transport.drain(EVENTS),
      call('exit_group', [0], { what: 'exit' }),
    ],
  };
}

const passOn = (child: Slot, signal: Slot): Step[] => [
  when(
    [signal, '==', KILL_SIGNAL],
    [call('kill', [child, SIG.SIGKILL], { what: 'kill the program', tolerate: ['ESRCH'] })],
    [call('kill', [child, signal], { what: 'pass a signal on', tolerate: ['ESRCH'] })],
  ),
];
