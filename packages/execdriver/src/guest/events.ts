import { call, load, O, scratch, slot, store, when, type Data, type Slot, type Step } from '@ns/syscall';

import { DESCRIPTOR } from '../native/descriptors.js';
import { readAll } from './copy.js';
import { EVENT, RECORD_SIZE } from './records.js';

/** The descriptor on which events are told is that of failures: whatever stops a process is heard of. */
export const EVENTS: number = DESCRIPTOR.status;

/** Have nothing else opened with these numbers: what has its place there is put there later. */
export const reserve = (numbers: readonly number[]): Step[] =>
  numbers.map((number) => call('dup3', [2, number, O.O_CLOEXEC], { what: `reserve descriptor ${number}` }));

/** Tell the host something. */
export function tell(event: number, value: Data | undefined): Step[] {
  const record = scratch(RECORD_SIZE, 'event');
  const word = slot('word');
  return [
    store(event, record, 0, 4),
    ...(value === undefined ? [] : [load(word, value, 0, 4), store(word, record, 4, 4)]),
    call('write', [EVENTS, record, RECORD_SIZE], { what: 'tell the host' }),
  ];
}

/** Wait until the user's program runs, or does not: then its failure is told instead. */
export function tellOutcome(failure: Slot): Step[] {
  const record = scratch(RECORD_SIZE, 'failure');
  const failed = slot('failed');
  return [
    ...readAll(failure, record, RECORD_SIZE, failed, 'wait for the program to run'),
    when(
      [failed, '==', 1],
      [call('write', [EVENTS, record, RECORD_SIZE], { what: 'tell the host of the failure' })],
      tell(EVENT.running, undefined),
    ),
    call('close', [failure], { what: 'close the status pipe' }),
  ];
}
