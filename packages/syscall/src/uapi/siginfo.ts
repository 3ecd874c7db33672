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

/** What waitid(2) says, or `undefined` when it found nothing and left the structure empty. */
export function parseSiginfoChild(bytes: Uint8Array): ChildChange | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getInt32(at, true);
  if (word(0) !== SIG.SIGCHLD) return undefined;
  return { pid: word(12), uid: view.getUint32(16, true), status: childStatus(word(8), word(20)) };
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
