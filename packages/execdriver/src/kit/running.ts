import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isErrno } from '@ns/errors';
import { ERRNO, failsWith, pidfdOpen, type OwnedFd } from '@ns/syscall';

import { FILES } from '../native/state.js';

/** The first process of a container that runs, as its starter wrote it down. */
interface Record {
  readonly pid: number;
  /** When it started, by the kernel's clock: what tells it from a later process of that number. */
  readonly startTime: string;
}

/** Write down that a container runs. A process that has ended by now is written down too, as nobody's. */
export function writeRunning(directory: string, pid: number): void {
  const record: Record = { pid, startTime: startTimeOf(pid) ?? '' };
  const path = join(directory, FILES.running);
  writeFileSync(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** What was written down; `pidfd` is undefined when the process has ended. The caller closes it. */
export function readRunning(
  directory: string,
): { readonly pid: number; readonly pidfd: OwnedFd | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, FILES.running), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  const { pid, startTime } = JSON.parse(text) as Record;
  const pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pid));
  if (pidfd === undefined || startTimeOf(pid) === startTime) return { pid, pidfd };
  pidfd.close();
  return { pid, pidfd: undefined };
}

/** The 22nd field of `/proc/PID/stat`; the second, in parentheses, may hold anything. See proc(5). */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
