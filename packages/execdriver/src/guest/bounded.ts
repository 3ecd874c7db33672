import {
  call,
  clone,
  compute,
  exit,
  leave,
  load,
  loop,
  POLL,
  scratch,
  set,
  slot,
  store,
  when,
  type Operand,
  type Slot,
  type Step,
} from '@ns/syscall';

import { dieWithMonitor } from '../native/process.js';
import { writeAll } from './copy.js';

/** What is read, and the file that it goes to, of which `limitBytes` are kept. */
export interface Bounded {
  readonly from: Slot;
  readonly to: Operand;
  readonly limitBytes: number;
}

const BUFFER_SIZE = 4096;
const ENTRY = 8;

/**
 * A process that writes what comes out of pipes into files, the first of it: what a hostile guest says must not fill the
 * machine. It ends when all have come to their ends.
 *
 * @param options.close - Ends that are for the writers alone.
 */
export function keepBounded(options: {
  readonly all: readonly Bounded[];
  readonly close: readonly Operand[];
  readonly into: Slot;
}): Step {
  const { all } = options;
  const table = scratch(ENTRY * all.length, 'pollfds');
  const open = slot('open');
  return clone({
    args: 0,
    what: 'start to keep what the virtual machine says',
    into: options.into,
    child: [
      dieWithMonitor(),
      ...options.close.map((fd) => call('close', [fd], { what: 'leave the end to its writer' })),
      set(open, all.length),
      ...all.flatMap(({ from }, index) => [
        store(from, table, index * ENTRY, 4),
        store(POLL.POLLIN, table, index * ENTRY + 4, 2),
      ]),
      loop(
        when([open, '==', 0], [leave]),
        call('ppoll', [table, all.length, 0, 0, 0], {
          what: 'wait for something to keep',
          tolerate: ['EINTR'],
        }),
        ...all.flatMap((each, index) => keep(each, index, table, open)),
      ),
      exit(0),
    ],
  });
}

function keep(
  { from, to, limitBytes }: Bounded,
  index: number,
  table: ReturnType<typeof scratch>,
  open: Slot,
): Step[] {
  const buffer = scratch(BUFFER_SIZE, 'kept');
  const [ready, length, left] = [slot('ready'), slot('length'), slot(`room ${index}`)];
  const isFirst = slot(`begun ${index}`);
  return [
    when([isFirst, '==', 0], [set(isFirst, 1), set(left, limitBytes)]),
    load(ready, table, index * ENTRY + 6, 2),
    when(
      [ready, '!=', 0],
      [
        call('read', [from, buffer, BUFFER_SIZE], {
          what: 'read what is to be kept',
          into: length,
          tolerate: 'any',
        }),
        when(
          [length, '<=', 0],
          // A negative descriptor is passed over.
          [
            store(-1, table, index * ENTRY, 4),
            store(0, table, index * ENTRY + 6, 2),
            compute(open, open, '-', 1),
          ],
          [
            when([length, '>', left], [set(length, left)]),
            compute(left, left, '-', length),
            ...writeAll(to, buffer, length, 'keep it'),
          ],
        ),
      ],
    ),
  ];
}
