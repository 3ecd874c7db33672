import {
  AT,
  call,
  clone,
  compute,
  cstr,
  exit,
  F,
  group,
  leave,
  load,
  loop,
  O,
  scratch,
  set,
  slot,
  store,
  strings,
  TIO,
  W,
  when,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import { DESCRIPTOR } from '../native/descriptors.js';
import type { StartFacts, StartPlan } from '../native/plan.js';
import { blockSignals } from '../native/process.js';
import { waitForChild } from '../native/supervise.js';
import { boot, HOST, powerOff } from './boot.js';
import { containerSteps } from './container.js';
import { readAll } from './copy.js';
import { EVENTS, reserve, tell, tellOutcome } from './events.js';
import { EXEC_SLOTS, execProgramFile } from './exec-ports.js';
import { CONTROL, EVENT, ofSlot, RECORD_SIZE } from './records.js';
import { mainConnection, pipes, terminal } from './streams.js';
import { awaitHost, openPort, PORT, type Transport } from './transport.js';

/** What the guest's program is made of. */
export interface Guest {
  readonly transport: Transport;
  /** How many modules the initial ramdisk holds. */
  readonly modules: number;
  readonly plan: StartPlan;
  readonly facts: StartFacts;
}

/**
 * The first process of a guest's kernel: it makes the kernel usable, starts the container, copies its streams, tells the
 * host what happens, and ends the machine.
 *
 * It stays outside of the container, which has a pid namespace of its own: there the program is process 1, as everywhere,
 * and all that is left of it ends with it.
 */
export function guestProgram({ transport, modules, plan, facts }: Guest): Program {
  const child = slot('container');
  const control = slot('control');
  const status = scratch(4, 'wait status');
  const isTerminal = plan.spec.process.terminal !== undefined;
  const streams = (isTerminal ? terminal : pipes)(mainConnection(transport, facts.identity.uid));
  const start = containerSteps(plan, facts, streams, child);
  return {
    title: 'the first process of a virtual machine',
    statusFd: EVENTS,
    failureStatus: 127,
    steps: [
      blockSignals(),
      call('dup3', [2, EVENTS, O.O_CLOEXEC], { what: 'tell failures on the console until there is a port' }),
      ...reserve([DESCRIPTOR.root, DESCRIPTOR.console, DESCRIPTOR.reaper, DESCRIPTOR.target]),
      ...boot(modules, plan.spec.init === true),
      group('events', ...openEvents(transport)),
      group('shared directory', makeDirectory(HOST), ...transport.share(HOST)),
      group('streams', ...streams.before),
      ...start.before,
      start.clone,
      // First what would keep the status pipe open in processes that are started now.
      group('the container exists', ...start.after, ...streams.after),
      // Before the host hears that it can send commands: User Mode Linux is not told of what was there when a line is opened.
      ...openPort(transport, PORT.control, O.O_RDONLY, control),
      ...tellOutcome(start.failure),
      controller(control, child, streams.master),
      call('close', [control], { what: 'leave the commands to the other process' }),
      waitForChild(child, status, () => []),
      group(
        'the end',
        ...streams.end,
        ...tell(EVENT.ended, status),
        ...transport.drain(EVENTS),
        ...powerOff(),
      ),
    ],
  };
}

const makeDirectory = (path: string): Step =>
  call('mkdirat', [AT.AT_FDCWD, cstr(path), 0o755], { what: `make ${path}` });

function openEvents(transport: Transport): Step[] {
  const port = slot('events');
  return [
    ...openPort(transport, PORT.events, O.O_WRONLY, port),
    call('dup3', [port, EVENTS, O.O_CLOEXEC], { what: 'tell events and failures on descriptor 3' }),
    ...(transport.isFramed ? [] : awaitHost(EVENTS)),
  ];
}

/** A process that does what the host says. */
function controller(port: Slot, child: Slot, master: Slot | undefined): Step {
  const target = slot('container');
  const record = scratch(RECORD_SIZE, 'command');
  const [done, kind, value] = [slot('done'), slot('kind'), slot('value')];
  return clone({
    args: 0,
    what: 'start to take commands',
    into: slot('controller'),
    child: [
      // The container has ended in the meantime: it goes on, to take commands that come to nothing.
      call('pidfd_open', [child, 0], { what: 'open the container', into: target, tolerate: ['ESRCH'] }),
      call('dup3', [target, DESCRIPTOR.target, O.O_CLOEXEC], {
        what: 'put it where it is expected',
        tolerate: ['EBADF'],
      }),
      loop(
        ...readAll(port, record, RECORD_SIZE, done, 'read a command'),
        when([done, '==', 0], [leave]),
        load(kind, record, 0, 4),
        load(value, record, 4, 4),
        when(
          [kind, '==', CONTROL.signal],
          [call('kill', [child, value], { what: 'signal the container', tolerate: 'any' })],
        ),
        ...(master === undefined ? [] : [when([kind, '==', CONTROL.resize], resize(master, value))]),
        ...Array.from({ length: EXEC_SLOTS }, (_, number) => executions(number, kind, value)).flat(),
        call('wait4', [-1, 0, W.WNOHANG, 0], { what: 'collect what has ended', tolerate: 'any' }),
      ),
    ],
  });
}

/** Commands for the program of a slot. */
function executions(number: number, kind: Slot, value: Slot): Step[] {
  const running = slot(`program of slot ${number}`);
  const path = `${HOST}/${execProgramFile(number)}`;
  return [
    when(
      [kind, '==', ofSlot(CONTROL.exec, number)],
      [
        clone({
          args: 0,
          what: 'start a program',
          into: running,
          child: [
            call('fcntl', [DESCRIPTOR.target, F.F_SETFD, 0], { what: 'keep the container', tolerate: 'any' }),
            call('execve', [cstr(path), strings(['ns-exec']), strings([])], {
              what: `run ${path}`,
              tolerate: 'any',
            }),
            exit(127),
          ],
        }),
      ],
    ),
    when(
      [kind, '==', ofSlot(CONTROL.signal, number)],
      [
        when(
          [running, '>', 0],
          [call('kill', [running, value], { what: 'signal a program', tolerate: 'any' })],
        ),
      ],
    ),
  ];
}

function resize(master: Slot, value: Slot): Step[] {
  const size = scratch(8, 'winsize');
  const columns = slot('columns');
  return [
    set(columns, value),
    compute(columns, columns, '>>', 16),
    store(value, size, 0, 2),
    store(columns, size, 2, 2),
    call('ioctl', [master, TIO.TIOCSWINSZ, size], { what: 'set the size of the terminal', tolerate: 'any' }),
  ];
}
