import { LAST_DESCRIPTOR } from '@ns/execdriver/runtime';

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
