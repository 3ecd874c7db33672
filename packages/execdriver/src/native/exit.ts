import type { Exit } from '../contract.js';

/** What a wait status of wait4(2) means, in Docker's numbers. */
export function exitOf(waitStatus: number, finishedAt: Date = new Date()): Exit {
  const signal = waitStatus & 0x7f;
  if (signal === 0) return { code: (waitStatus >> 8) & 0xff, oomKilled: false, finishedAt };
  return { code: 128 + signal, signal, oomKilled: false, finishedAt };
}

/** The wait status of a process that was killed by SIGKILL: what is reported when nobody is left who saw the end. */
export const KILLED = 9;
