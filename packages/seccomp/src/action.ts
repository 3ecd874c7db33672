import { ERRNO, SECCOMP_RET } from '@ns/syscall';

import type { Action } from './profile.js';

/** What the filter returns for an action: `SECCOMP_RET_*` with its data. */
export function returnValue(action: Action, errnoRet?: number): number {
  switch (action) {
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return SECCOMP_RET.SECCOMP_RET_KILL_THREAD;
    case 'SCMP_ACT_KILL_PROCESS':
      return SECCOMP_RET.SECCOMP_RET_KILL_PROCESS;
    case 'SCMP_ACT_TRAP':
      return SECCOMP_RET.SECCOMP_RET_TRAP;
    case 'SCMP_ACT_ERRNO':
      return SECCOMP_RET.SECCOMP_RET_ERRNO + (errnoRet ?? ERRNO.EPERM);
    case 'SCMP_ACT_TRACE':
      return SECCOMP_RET.SECCOMP_RET_TRACE + (errnoRet ?? ERRNO.EPERM);
    case 'SCMP_ACT_LOG':
      return SECCOMP_RET.SECCOMP_RET_LOG;
    case 'SCMP_ACT_NOTIFY':
      return SECCOMP_RET.SECCOMP_RET_USER_NOTIF;
    case 'SCMP_ACT_ALLOW':
      return SECCOMP_RET.SECCOMP_RET_ALLOW;
  }
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
