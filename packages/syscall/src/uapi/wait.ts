/**
 * Constants of `<linux/wait.h>`.
 */

/** Options of wait4(2) and waitid(2). */
export const W = {
  WNOHANG: 0x1,
  WUNTRACED: 0x2,
  WSTOPPED: 0x2,
  WEXITED: 0x4,
  WCONTINUED: 0x8,
  WNOWAIT: 0x1000000,
  __WNOTHREAD: 0x20000000,
  __WALL: 0x40000000,
  __WCLONE: 0x80000000,
} as const;

/** Kinds of identifier for waitid(2). */
export const P = {
  P_ALL: 0,
  P_PID: 1,
  P_PGID: 2,
  P_PIDFD: 3,
} as const;

/** How a process ended, or that it was stopped or continued. */
export type WaitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number; readonly coreDumped: boolean }
  | { readonly kind: 'stopped'; readonly signal: number }
  | { readonly kind: 'continued' };

/** Takes apart the status word of wait4(2), as `WIFEXITED` and its relatives do. */
export function decodeWaitStatus(status: number): WaitStatus {
  if (status === 0xffff) return { kind: 'continued' };
  const low = status & 0x7f;
  if (low === 0) return { kind: 'exited', code: (status >> 8) & 0xff };
  if (low === 0x7f) return { kind: 'stopped', signal: (status >> 8) & 0xff };
  return { kind: 'signaled', signal: low, coreDumped: (status & 0x80) !== 0 };
}
