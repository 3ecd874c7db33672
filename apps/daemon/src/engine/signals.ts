import { constants } from 'node:os';

import { NsError } from '@ns/errors';

const LAST_SIGNAL = 64;
const SIGRTMIN = 34;
const REAL_TIME = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/;

/**
 * A signal's number from what a user writes: `9`, `KILL`, `SIGKILL`, `sigrtmin+3`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= LAST_SIGNAL) return number;
    throw unknown(text);
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const known = (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
  if (known !== undefined) return known;
  const match = REAL_TIME.exec(name);
  if (match) {
    const base = match[1] === 'MIN' ? SIGRTMIN : LAST_SIGNAL;
    const number = base + Number(`${match[2] ?? '+'}${match[3] ?? '0'}`);
    if (number >= SIGRTMIN && number <= LAST_SIGNAL) return number;
  }
  throw unknown(text);
}

function unknown(text: string): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'signal',
    message: `invalid signal: ${text}`,
    hint: 'Give a number from 1 to 64 or a name such as TERM, SIGHUP, RTMIN+3; `kill -l` lists them.',
  });
}

export const SIGTERM = 15;
export const SIGKILL = 9;
