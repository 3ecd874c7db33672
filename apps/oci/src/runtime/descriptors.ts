import { readlinkSync } from 'node:fs';

import { isErrno, NsError } from '@ns/errors';
import { LAST_DESCRIPTOR } from '@ns/execdriver/runtime';
import { getResourceLimit } from '@ns/syscall';

/** The descriptors that a start program is born with, by number; 0 to 2 are the streams of the container's process. */
export interface Descriptors {
  /** The status fifo: a failing step's record. End-of-file without one means that the program's `execve` succeeded. */
  readonly status: number;
  /** Pipe: the pid of the process, by the one that made it. */
  readonly report: number;
  /** Socket by which process and creator tell each other how far they are. */
  readonly sync: number;
  /** A detached mount: the root file system. */
  readonly root: number;
  /** The start fifo: read from until `start` writes to it. */
  readonly start: number;
  /** Socket that is sent the terminal's master. */
  readonly console: number;
  /** Files with the container's state, for hooks that are run in its namespaces, and for what they write. */
  readonly createState: number;
  readonly startState: number;
  readonly hookOutput: number;
  /** A pidfd of the container's first process, for one that joins it. */
  readonly target: number;
  /** Mounts that the creator has made; others follow. */
  readonly mounts: number;
  /** `--preserve-fds`: become 3 and so on before the program is executed. */
  readonly preserved: number;
  /** The last that there can be. */
  readonly last: number;
}

/**
 * Numbers that are in nobody's way: above those of the cgroups' files, and above those that preserved descriptors have
 * at the end.
 */
export function descriptorsFor(preserved: number, mounts: number): Descriptors {
  const first = Math.max(LAST_DESCRIPTOR, 2 + preserved) + 1;
  const at = first + 10;
  return {
    status: first,
    report: first + 1,
    sync: first + 2,
    root: first + 3,
    start: first + 4,
    console: first + 5,
    createState: first + 6,
    startState: first + 7,
    hookOutput: first + 8,
    target: first + 9,
    mounts: at,
    preserved: at + mounts,
    last: at + mounts + preserved,
  };
}

/** Descriptors that a service manager has handed to us: see sd_listen_fds(3). */
export function listenFds(): number {
  const { LISTEN_FDS: count = '', LISTEN_PID: pid = '' } = process.env;
  return /^\d{1,3}$/.test(count) && (pid === '' || Number(pid) === process.pid) ? Number(count) : 0;
}

/**
 * Make sure that the descriptors that are passed on are the caller's.
 *
 * @remarks
 * One that was not open when this process began may be open now, and ours: Node's event loop takes the first that is
 * free, so there is one among them.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function checkInherited({
  listen,
  preserve,
}: {
  readonly listen: number;
  readonly preserve: number;
}): void {
  const invalid = (message: string): NsError =>
    new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: '--preserve-fds',
      message,
      hint: 'descriptors from 3 on are passed: those of LISTEN_FDS, then as many as the flag says',
    });
  if (preserve < 0) throw invalid(`${preserve} is no number of descriptors`);
  const count = listen + preserve;
  for (let fd = 3; fd < 3 + count; fd++) {
    if (targetOf(fd) === undefined) {
      throw invalid(
        fd < 3 + listen
          ? `descriptor ${fd} of LISTEN_FDS=${listen} is not open`
          : `unable to stat preserved-fd ${fd - 3 - listen} (of ${preserve}): descriptor ${fd} is not open`,
      );
    }
  }
  const { soft } = getResourceLimit(0, 'RLIMIT_NOFILE');
  const { last } = descriptorsFor(count, 0);
  if (soft !== 'unlimited' && last >= soft) {
    throw invalid(`${count} descriptors need numbers up to ${last}, and this process may have ${soft}`);
  }
}

function targetOf(fd: number): string | undefined {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    return target === 'anon_inode:[eventpoll]' ? undefined : target;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
