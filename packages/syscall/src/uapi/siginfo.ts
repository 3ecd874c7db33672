/**
 * `siginfo_t` of `<asm/siginfo.h>`, as waitid(2) fills it.
 */
import { CLD, SIG } from './signal.js';
import type { WaitStatus } from './wait.js';

/** A change in a child's state. */
export interface ChildChange {
  readonly pid: number;
  readonly uid: number;
  readonly status: WaitStatus;
}

/** Where the members are that waitid(2) fills in. */
export const SIGINFO_OFFSETS = { si_signo: 0, si_code: 8, si_pid: 16, si_uid: 20, si_status: 24 } as const;

/** What waitid(2) says, or `undefined` when it found nothing and left the structure empty. */
export function parseSiginfoChild(bytes: Uint8Array): ChildChange | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const member = (name: keyof typeof SIGINFO_OFFSETS): number => view.getInt32(SIGINFO_OFFSETS[name], true);
  if (member('si_signo') !== SIG.SIGCHLD) return undefined;
  return {
    pid: member('si_pid'),
    uid: member('si_uid') >>> 0,
    status: childStatus(member('si_code'), member('si_status')),
  };
}

function childStatus(code: number, status: number): WaitStatus {
  switch (code) {
    case CLD.CLD_EXITED:
      return { kind: 'exited', code: status };
    case CLD.CLD_KILLED:
    case CLD.CLD_DUMPED:
      return { kind: 'signaled', signal: status, coreDumped: code === CLD.CLD_DUMPED };
    case CLD.CLD_CONTINUED:
      return { kind: 'continued' };
    default:
      return { kind: 'stopped', signal: status };
  }
}
