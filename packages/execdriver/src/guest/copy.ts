import {
  call,
  clone,
  compute,
  exit,
  leave,
  load,
  loop,
  scratch,
  set,
  slot,
  when,
  type Data,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { Transport } from './transport.js';

/** As much as one write to a virtio port takes. */
const BUFFER_SIZE = 32 * 1024;

/** Write all of a buffer. `length` is 0 afterwards, or -1 when that could not be. */
export function writeAll(to: Operand, buffer: Data, length: Slot, what: string): Step[] {
  const from = slot('position');
  const written = slot('written');
  return [
    set(from, buffer),
    loop(
      when([length, '<=', 0], [leave]),
      call('write', [to, from, length], { what, into: written, tolerate: 'any' }),
      when([written, '<=', 0], [set(length, -1), leave]),
      compute(from, from, '+', written),
      compute(length, length, '-', written),
    ),
  ];
}

/** Read exactly `size` bytes into a buffer. `done` is 0 when the input ended before. */
export function readAll(from: Operand, buffer: Data, size: Operand, done: Slot, what: string): Step[] {
  const to = slot('position');
  const left = slot('left');
  const got = slot('got');
  return [
    set(to, buffer),
    set(left, size),
    set(done, 1),
    loop(
      when([left, '<=', 0], [leave]),
      call('read', [from, to, left], { what, into: got, tolerate: 'any' }),
      when([got, '<=', 0], [set(done, 0), leave]),
      compute(to, to, '+', got),
      compute(left, left, '-', got),
    ),
  ];
}

/** A process that copies what comes out of a pipe to a port, and ends when the host has all of it. */
export function copyOut(options: {
  readonly transport: Transport;
  readonly what: string;
  readonly from: Slot;
  readonly port: Slot;
  /** Ends of pipes that are the program's: held here, they would not come to their end. */
  readonly close: readonly Operand[];
  readonly into: Slot;
}): Step {
  const { transport, what, from, port } = options;
  const buffer = scratch(BUFFER_SIZE, what);
  const length = slot('length');
  return clone({
    args: 0,
    what: `start to copy ${what}`,
    into: options.into,
    child: [
      ...options.close.map((fd) => call('close', [fd], { what: 'leave the pipe to the program' })),
      loop(
        call('read', [from, buffer, BUFFER_SIZE], { what: `read ${what}`, into: length, tolerate: 'any' }),
        when([length, '<=', 0], [leave]),
        ...writeAll(port, buffer, length, `hand ${what} over`),
      ),
      ...transport.drain(port),
      exit(0),
    ],
  });
}

/** A process that copies the input from a port into a pipe, which it closes at the end. */
export function copyIn(options: {
  readonly transport: Transport;
  readonly port: Slot;
  readonly to: Slot;
  readonly close: readonly Operand[];
  readonly into: Slot;
}): Step {
  const { transport, port, to } = options;
  const buffer = scratch(BUFFER_SIZE, 'input');
  const length = slot('length');
  const take = transport.isFramed ? readFrame(port, buffer, length) : readSome(port, buffer, length);
  return clone({
    args: 0,
    what: 'start to copy the input',
    into: options.into,
    child: [
      ...options.close.map((fd) => call('close', [fd], { what: 'leave the pipe to the program' })),
      loop(
        ...take,
        when([length, '<=', 0], [leave]),
        ...writeAll(to, buffer, length, 'hand input over'),
        // Nobody reads it any more.
        when([length, '<', 0], [leave]),
      ),
      exit(0),
    ],
  });
}

const readSome = (port: Slot, buffer: Data, length: Slot): Step[] => [
  call('read', [port, buffer, BUFFER_SIZE], { what: 'read input', into: length, tolerate: 'any' }),
];

/** One frame: {@link Transport.isFramed}. */
function readFrame(port: Slot, buffer: Data, length: Slot): Step[] {
  const header = scratch(4, 'frame');
  const done = slot('done');
  return [
    ...readAll(port, header, 4, done, 'read the length of input'),
    when([done, '==', 0], [set(length, 0)], [load(length, header, 0, 4)]),
    when([length, '>', BUFFER_SIZE], [set(length, 0)]),
    when(
      [length, '>', 0],
      [...readAll(port, buffer, length, done, 'read input'), when([done, '==', 0], [set(length, 0)])],
    ),
  ];
}
