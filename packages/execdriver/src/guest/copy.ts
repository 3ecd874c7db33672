import {
  again,
  at,
  call,
  clone,
  compute,
  exit,
  group,
  leave,
  load,
  loop,
  scratch,
  set,
  slot,
  store,
  struct,
  TIO,
  when,
  type Data,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { Transport } from './transport.js';

/** As much as one write to a virtio port takes. */
const BUFFER_SIZE = 32 * 1024;
/** PIPE_BUF: as much as is written to a pipe at once, or not at all. */
const FRAME_SIZE = 4096;
const FRAME_HEADER = 8;

/** A frame of this length is no content but the size of a terminal: rows and columns, of 16 bits each. */
export const SIZE_FRAME = 0x7fff_ffff;

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
  /** In frames of this session: the port itself goes on. */
  readonly session?: number | undefined;
  /** Ends of pipes that are the program's: held here, they would not come to their end. */
  readonly close: readonly Operand[];
  readonly into: Slot;
}): Step {
  const { transport, what, from, port, session } = options;
  const buffer = scratch(BUFFER_SIZE, what);
  const length = slot('length');
  return clone({
    args: 0,
    what: `start to copy ${what}`,
    into: options.into,
    child: [
      ...options.close.map((fd) => call('close', [fd], { what: 'leave the pipe to the program' })),
      session !== undefined
        ? frames({ from, to: port, what, session })
        : loop(
            call('read', [from, buffer, BUFFER_SIZE], {
              what: `read ${what}`,
              into: length,
              tolerate: 'any',
            }),
            when([length, '<=', 0], [leave]),
            ...writeAll(port, buffer, length, `hand ${what} over`),
          ),
      ...transport.drain(port),
      exit(0),
    ],
  });
}

/** A stream in frames: a length and the session's number before each, 32 bits each; length 0 is the end. */
export interface Framed {
  readonly from: Operand;
  readonly to: Operand;
  readonly what: string;
  /** Frames of other sessions are left from one that was broken off, and passed over. */
  readonly session: number;
}

/** Copy all that comes, in frames. A frame is written at once, or not at all. */
export function frames({ from, to, what, session }: Framed): Step {
  const frame = scratch(FRAME_SIZE, 'frame');
  const [length, content, taken] = [slot('length'), slot('place of the content'), slot('taken')];
  return group(
    `${what} in frames`,
    store(session, frame, 4, 4),
    set(content, frame),
    compute(content, content, '+', FRAME_HEADER),
    loop(
      call('read', [from, content, FRAME_SIZE - FRAME_HEADER], {
        what: `read ${what}`,
        into: length,
        tolerate: 'any',
      }),
      when([length, '<', 0], [set(length, 0)]),
      set(taken, length),
      store(length, frame, 0, 4),
      compute(length, length, '+', FRAME_HEADER),
      ...writeAll(to, frame, length, `hand ${what} over`),
      when([taken, '==', 0], [leave]),
    ),
  );
}

/** The frame that ends a stream. */
export function endFrame({ to, session }: Pick<Framed, 'to' | 'session'>): Step {
  const frame = struct([
    ['length', 4, 0],
    ['session', 4, session],
  ]);
  return call('write', [to, frame, FRAME_HEADER], { what: 'end a stream', tolerate: 'any' });
}

/** Copy the content of frames, up to the end. What nobody takes is read all the same: what follows is another's. */
export function unframe({ from, to, what, session }: Framed): Step {
  const header = scratch(FRAME_HEADER, 'header');
  const buffer = scratch(BUFFER_SIZE, what);
  const [length, whose, done, broken] = [slot('length'), slot('session'), slot('done'), slot('broken')];
  return group(
    `${what} out of frames`,
    set(broken, 0),
    loop(
      ...readAll(from, header, FRAME_HEADER, done, `read the length of ${what}`),
      when([done, '==', 0], [leave]),
      load(length, header, 0, 4),
      load(whose, header, 4, 4),
      when([length, '==', 0], [when([whose, '==', session], [leave]), again]),
      when([length, '==', SIZE_FRAME], [...takeSize(from, to, whose, session), again]),
      when([length, '>', BUFFER_SIZE], [leave]),
      ...readAll(from, buffer, length, done, `read ${what}`),
      when([done, '==', 0], [leave]),
      when([whose, '!=', session], [again]),
      when([broken, '==', 0], [...writeAll(to, buffer, length, `hand ${what} over`), set(broken, length)]),
      when(
        [broken, '!=', 0],
        [call('close', [to], { what: 'let go of what nobody reads', tolerate: 'any' })],
      ),
    ),
  );
}

function takeSize(from: Operand, to: Operand, whose: Slot, session: number): Step[] {
  const size = scratch(8, 'winsize');
  const done = slot('done');
  return [
    ...readAll(from, size, 4, done, 'read the size of the terminal'),
    when(
      [whose, '==', session],
      [call('ioctl', [to, TIO.TIOCSWINSZ, size], { what: 'set the size of the terminal', tolerate: 'any' })],
    ),
  ];
}

/** The frame of the size of a terminal of the host. */
export function sendSize(terminal: Operand, { to, session }: Pick<Framed, 'to' | 'session'>): Step[] {
  const frame = scratch(FRAME_HEADER + 8, 'frame');
  return [
    store(SIZE_FRAME, frame, 0, 4),
    store(session, frame, 4, 4),
    call('ioctl', [terminal, TIO.TIOCGWINSZ, at(frame, FRAME_HEADER)], {
      what: 'ask for the size of the terminal',
      tolerate: 'any',
    }),
    call('write', [to, frame, FRAME_HEADER + 4], { what: 'tell the size of the terminal', tolerate: 'any' }),
  ];
}

/** A process that copies the input from a port into a pipe, which it closes at the end. */
export function copyIn(options: {
  /** In frames of this session; otherwise as it comes. */
  readonly session?: number | undefined;
  readonly port: Slot;
  readonly to: Slot;
  readonly close: readonly Operand[];
  readonly into: Slot;
}): Step {
  const { session, port, to } = options;
  return clone({
    args: 0,
    what: 'start to copy the input',
    into: options.into,
    child: [
      ...options.close.map((fd) => call('close', [fd], { what: 'leave the pipe to the program' })),
      session !== undefined ? unframe({ from: port, to, what: 'input', session }) : pass(port, to),
      exit(0),
    ],
  });
}

/** As it comes. */
function pass(port: Slot, to: Slot): Step {
  const buffer = scratch(BUFFER_SIZE, 'input');
  const length = slot('length');
  return loop(
    call('read', [port, buffer, BUFFER_SIZE], { what: 'read input', into: length, tolerate: 'any' }),
    when([length, '<=', 0], [leave]),
    ...writeAll(to, buffer, length, 'hand input over'),
    // Nobody reads it any more.
    when([length, '<', 0], [leave]),
  );
}
