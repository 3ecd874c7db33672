import { readlinkSync } from 'node:fs';

import { isErrno } from '@ns/errors';
import { ERRNO, failsWith, OwnedFd, pidfdGetfd, pidfdOpen, watch } from '@ns/syscall';

import { DESCRIPTOR } from './descriptors.js';
import { exitOf } from './exit.js';
import { Session, type OurEnds } from './session.js';
import { exitOfMonitored } from './start.js';
import type { ContainerState, Pids, StateDirectory } from './state.js';

/**
 * The session of a container whose monitor was started by a process that is gone; undefined when the monitor is gone
 * too.
 *
 * @remarks
 * The streams are those that the monitor holds (pidfd_getfd(2)): nothing that was written meanwhile is lost.
 */
export function adoptSession(
  directory: StateDirectory,
  state: ContainerState,
  pids: Pids,
): Session | undefined {
  const monitorPidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pids.monitor));
  if (monitorPidfd === undefined) return undefined;
  // The number may belong to another process by now. The monitor is the one that holds this directory.
  if (!holds(pids.monitor, directory.path)) {
    monitorPidfd.close();
    return undefined;
  }
  const pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pids.init));
  const ends = heldEnds(monitorPidfd, state);
  return new Session({
    pid: pids.init,
    pidfd,
    monitorPidfd,
    ends,
    exit: ended(monitorPidfd).then(() => {
      const record = directory.exit();
      return record === undefined ? exitOfMonitored(undefined, pidfd) : exitOf(record.waitStatus, record.at);
    }),
  });
}

function holds(pid: number, directory: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/${DESCRIPTOR.state}`) === directory;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return false;
    throw error;
  }
}

/** A monitor that ends this moment has closed them; then there is nothing more to read either. */
function heldEnds(monitorPidfd: OwnedFd, state: ContainerState): OurEnds {
  const take = (number: number, exists: boolean): OwnedFd | undefined =>
    exists ? failsWith([ERRNO.ESRCH, ERRNO.EBADF], () => pidfdGetfd(monitorPidfd.fd, number)) : undefined;
  if (state.terminal) return { master: take(DESCRIPTOR.master, true) };
  const [stdin, stdout, stderr] = state.pipes;
  return {
    stdin: take(DESCRIPTOR.heldStdin, stdin),
    stdout: take(DESCRIPTOR.heldStdout, stdout),
    stderr: take(DESCRIPTOR.heldStderr, stderr),
  };
}

function ended(monitorPidfd: OwnedFd): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(monitorPidfd.fd, { readable: true }, () => {
      watcher.close();
      resolve();
    });
  });
}
