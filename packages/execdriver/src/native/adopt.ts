import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { isErrno } from '@ns/errors';
import { ERRNO, failsWith, pidfdGetfd, pidfdOpen, watch, type OwnedFd } from '@ns/syscall';

import type { Exit } from '../contract.js';
import { DESCRIPTOR } from './descriptors.js';
import { exitOf } from './exit.js';
import { Session, type OurEnds } from './session.js';
import { exitOfMonitored } from './start.js';
import type { ContainerState, Pids, StateDirectory } from './state.js';

/** What an adopter knows beside the state. */
export interface AdoptOptions {
  readonly wasOomKilled: () => boolean;
  /** Default: what the monitor watches. */
  readonly process?: { readonly pid: number; readonly pidfd: OwnedFd | undefined } | undefined;
  /** What a wait status means. */
  readonly exitOf?: (waitStatus: number, at: Date) => Exit;
}

/** The monitor of a container, if it is still there. */
export function findMonitor(directory: StateDirectory, pids: Pids): OwnedFd | undefined {
  const monitorPidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pids.monitor));
  // The number may belong to another process by now. The monitor is the one that holds this directory.
  if (monitorPidfd === undefined || holds(pids.monitor, directory.path)) return monitorPidfd;
  monitorPidfd.close();
  return undefined;
}

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
  options: AdoptOptions,
): Session | undefined {
  const monitorPidfd = findMonitor(directory, pids);
  if (monitorPidfd === undefined) {
    options.process?.pidfd?.close();
    return undefined;
  }
  const { pid, pidfd } = options.process ?? { pid: pids.init, pidfd: openInit(pids) };
  const gone = ended(monitorPidfd);
  return new Session({
    pid,
    pidfd,
    monitorPidfd,
    ends: heldEnds(monitorPidfd, state),
    gone,
    wasOomKilled: options.wasOomKilled,
    exit: exitOfAdopted(directory, pidfd, gone, options.exitOf ?? exitOf),
  });
}

/** The first process; undefined when it has ended, for then its number may be another's. */
export function openInit(pids: Pids): OwnedFd | undefined {
  const pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pids.init));
  if (pidfd === undefined || parentOf(pids.init) === pids.monitor) return pidfd;
  pidfd.close();
  return undefined;
}

/** The fourth field of `/proc/PID/stat`; the second, in parentheses, may hold anything. See proc(5). */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

const RECORD_POLL_MS = 2;

/**
 * The monitor cannot tell a process that is not its creator; it writes down the end, and stays until the output has been
 * read. One that was killed, or has no room on the disk, writes nothing.
 */
async function exitOfAdopted(
  directory: StateDirectory,
  pidfd: OwnedFd | undefined,
  gone: Promise<void>,
  meaning: NonNullable<AdoptOptions['exitOf']>,
): Promise<Exit> {
  if (pidfd !== undefined) await ended(pidfd);
  let isGone = false;
  void gone.then(() => (isGone = true));
  for (;;) {
    const last = isGone;
    const record = directory.exit();
    if (record !== undefined) return meaning(record.waitStatus, record.at);
    if (last) return exitOfMonitored(undefined, pidfd);
    await sleep(RECORD_POLL_MS);
  }
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

/** Resolves at the end of a process. */
function ended(pidfd: OwnedFd): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(pidfd.fd, { readable: true }, () => {
      watcher.close();
      resolve();
    });
  });
}
