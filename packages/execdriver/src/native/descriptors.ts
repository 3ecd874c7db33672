/**
 * The descriptors that the monitor is born with, by number.
 *
 * Everything a start program needs from its creator comes by descriptor. Whoever adopts a container later finds the
 * ends of its streams at these numbers of the monitor (pidfd_getfd(2)).
 */
export const DESCRIPTOR = {
  /** Standard streams of the container's process. */
  stdin: 0,
  stdout: 1,
  stderr: 2,
  /** Pipe: a failing step's record. End-of-file without one means that the program's `execve` succeeded. */
  status: 3,
  /** Pipe: {@link Report}s of the monitor. Only the monitor holds it: end-of-file means that the monitor is gone. */
  report: 4,
  /** The container's state directory. */
  state: 5,
  /** A detached mount: the root file system. */
  root: 6,
  /** Our end of the container's stdin: held, so that the container does not see end-of-file when its creator dies. */
  heldStdin: 7,
  /** Our ends of stdout and stderr: held, so that the container can go on writing when its creator dies. */
  heldStdout: 8,
  heldStderr: 9,
  /** Socket on which the terminal's master is sent to the creator. */
  console: 10,
  /** The terminal's master, held by the monitor. */
  master: 11,
  /** The init program of `--init`. */
  reaper: 12,
  /** Socket by which the creator says that it has written the id maps. */
  maps: 13,
  /** A pidfd of the container's first process, for a program that joins it. */
  target: 14,
  /** The container's directory in the version 2 hierarchy, where it is joined at birth. */
  cgroup: 15,
  /** `tasks` or `cgroup.procs` of the first of the hierarchies that are joined by writing; the others follow. */
  cgroupProcs: 16,
} as const;

/** More hierarchies than there are controllers. */
export const LAST_DESCRIPTOR = 47;

/** What the monitor writes to {@link DESCRIPTOR.report}: two 32-bit words. */
export const REPORT = {
  /** The container's first process exists; its pid. */
  started: 1,
  /** It has ended; its wait status. */
  exited: 2,
  /** What was started has ended, and left another process for the monitor to watch; that one's pid. */
  left: 3,
} as const;
