import { join } from 'node:path';

import type { Exit } from '@ns/execdriver';
import type { Place } from '@ns/execdriver/kit';

import { readIfAny } from './launcher.js';
import { endingIn } from './log.js';
import { FILES } from './names.js';
import { TIME_SIZE } from './programs/note.js';

/** What the program of `lxc.hook.stop` has noted down. */
export interface Note {
  readonly at: Date;
  readonly oomKilled: boolean;
}

/** The container's exit: how it ended is in LXC's log, when and whether for want of memory was noted down. */
export function exitOf({ directory }: Place, waitStatus: number): Exit {
  const log = readIfAny(join(directory, FILES.log))?.toString() ?? '';
  const record = readIfAny(join(directory, FILES.end));
  const note = record === undefined ? undefined : readNote(record);
  const { at = new Date(), oomKilled = false } = note ?? {};
  const rest = { oomKilled, finishedAt: at };
  const ending = endingIn(log);
  if (ending !== undefined && 'signal' in ending) {
    return { ...rest, code: 128 + ending.signal, signal: ending.signal };
  }
  if (ending !== undefined) return { ...rest, code: ending.status };
  // lxc-start was killed, and its container with it; or all went well, of which it says nothing.
  const signal = waitStatus & 0x7f;
  return signal === 0 ? { ...rest, code: (waitStatus >> 8) & 0xff } : { ...rest, code: 137, signal: 9 };
}

/** See `noteProgram`. */
export function readNote(record: Buffer): Note {
  const seconds = Number(record.readBigInt64LE(0));
  const nanoseconds = Number(record.readBigInt64LE(8));
  const text = record.subarray(TIME_SIZE).toString('latin1');
  const [, kills = '0'] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return { at: new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6)), oomKilled: Number(kills) > 0 };
}
