import { ERRNO, SECCOMP_RET } from '@ns/syscall';

import type { Action } from './profile.js';

const RETURNS: Readonly<Record<Action, number>> = {
  SCMP_ACT_KILL: SECCOMP_RET.SECCOMP_RET_KILL_THREAD,
  SCMP_ACT_KILL_THREAD: SECCOMP_RET.SECCOMP_RET_KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: SECCOMP_RET.SECCOMP_RET_KILL_PROCESS,
  SCMP_ACT_TRAP: SECCOMP_RET.SECCOMP_RET_TRAP,
  SCMP_ACT_ERRNO: SECCOMP_RET.SECCOMP_RET_ERRNO,
  SCMP_ACT_TRACE: SECCOMP_RET.SECCOMP_RET_TRACE,
  SCMP_ACT_LOG: SECCOMP_RET.SECCOMP_RET_LOG,
  SCMP_ACT_NOTIFY: SECCOMP_RET.SECCOMP_RET_USER_NOTIF,
  SCMP_ACT_ALLOW: SECCOMP_RET.SECCOMP_RET_ALLOW,
};

/** What the filter returns for an action: `SECCOMP_RET_*` with its data. */
export function returnValue(action: Action, errnoRet?: number): number {
  const hasData = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';
  return RETURNS[action] + (hasData ? (errnoRet ?? ERRNO.EPERM) : 0);
}

const NAMES: readonly (readonly [value: number, name: string])[] = [
  [SECCOMP_RET.SECCOMP_RET_KILL_PROCESS, 'kill process'],
  [SECCOMP_RET.SECCOMP_RET_KILL_THREAD, 'kill thread'],
  [SECCOMP_RET.SECCOMP_RET_TRAP, 'trap'],
  [SECCOMP_RET.SECCOMP_RET_ERRNO, 'errno'],
  [SECCOMP_RET.SECCOMP_RET_USER_NOTIF, 'notify'],
  [SECCOMP_RET.SECCOMP_RET_TRACE, 'trace'],
  [SECCOMP_RET.SECCOMP_RET_LOG, 'log'],
  [SECCOMP_RET.SECCOMP_RET_ALLOW, 'allow'],
];

/** What a filter's return value means, for people: `allow`, `errno EPERM`, `kill process`. */
export function describeReturn(value: number): string {
  const data = value & SECCOMP_RET.SECCOMP_RET_DATA;
  const action = (value - data) >>> 0;
  const name = NAMES.find(([known]) => known === action)?.[1];
  if (name === undefined) return `0x${value.toString(16)}`;
  if (name === 'errno') {
    const errno = Object.entries(ERRNO).find(([, number]) => number === data)?.[0];
    return `errno ${errno ?? data}`;
  }
  return name === 'trace' ? `trace ${data}` : name;
}
