import { NsError } from '@ns/errors';
import {
  ERRNO,
  failsWith,
  loadImage,
  OwnedFd,
  pidfdOpen,
  pidfdSendSignal,
  receiveFds,
  SIG,
  type Image,
} from '@ns/syscall';

import type { Exit, ProcessSpec } from '../contract.js';
import { DESCRIPTOR } from './descriptors.js';
import { abandonEnds, prepareEnds } from './ends.js';
import { exitOf, KILLED } from './exit.js';
import { launch, type LaunchOptions } from './launch.js';
import { Session } from './session.js';
import { giveEnds } from './stream-owner.js';

export interface StartOptions {
  readonly operation: string;
  readonly process: ProcessSpec;
  readonly program: Image;
  readonly reaper?: Image | undefined;
  readonly argv: readonly string[];
  /** Beside the streams. Not closed. */
  readonly fds: Readonly<Record<number, number>>;
  /** The monitor holds our ends of the streams too. */
  readonly hold: boolean;
  /** The user of the process, as the host has it: gets the pipes. See {@link giveEnds}. */
  readonly owner: number | undefined;
  /** See {@link LaunchOptions.onPid}. */
  readonly onPid?: LaunchOptions['onPid'];
  /** See {@link SessionParts.wasOomKilled}. */
  readonly wasOomKilled?: () => boolean;
  /** Where programs go when memory may not be executed. */
  readonly fallbackDirectory: string;
}

/** Spawn a start program, and return when the user's program runs. */
export async function startSession(options: StartOptions): Promise<Session> {
  const { fallbackDirectory } = options;
  using program = loadImage(options.program, { fallbackDirectory });
  using reaper = options.reaper === undefined ? undefined : loadImage(options.reaper, { fallbackDirectory });
  const ends = prepareEnds(options.process, options.hold);
  let started: ReturnType<typeof launch> | undefined;
  try {
    giveEnds(ends.ours, options.owner);
    started = begin(options, program, reaper, ends);
    const pid = await started.started;
    const master = ends.console === undefined ? undefined : receiveMaster(ends.console);
    ends.console?.close();
    const pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(pid));
    return new Session({
      pid,
      pidfd,
      monitorPidfd: started.monitorPidfd,
      ends: { ...ends.ours, master },
      gone: started.gone,
      wasOomKilled: options.wasOomKilled,
      exit: started.ended.then((waitStatus) => exitOfMonitored(waitStatus, pidfd)),
    });
  } catch (error) {
    started?.monitorPidfd.close();
    abandonEnds(ends);
    throw error;
  }
}

function begin(
  options: StartOptions,
  program: ReturnType<typeof loadImage>,
  reaper: ReturnType<typeof loadImage> | undefined,
  ends: ReturnType<typeof prepareEnds>,
): ReturnType<typeof launch> {
  using theirs = ends;
  return launch({
    operation: options.operation,
    program,
    reaper: reaper?.image,
    argv: options.argv,
    onPid: options.onPid,
    fds: {
      ...options.fds,
      ...theirs.fds,
      ...(reaper === undefined ? {} : { [DESCRIPTOR.reaper]: reaper.fd.fd }),
    },
  });
}

/** The program runs, so its terminal's master has been sent. */
export function receiveMaster(socket: OwnedFd): OwnedFd {
  const master = receiveFds(socket.fd, { maxFds: 1 })?.fds[0];
  if (master !== undefined) return master;
  throw new NsError('ERR_NS_STEP_FAILED', {
    operation: 'terminal',
    message: 'the start program sent no terminal',
  });
}

/**
 * The exit of a process whose monitor is gone. A monitor that was killed leaves the process without anybody who keeps
 * its streams and sees its end: the process is killed too.
 */
export function exitOfMonitored(waitStatus: number | undefined, pidfd: OwnedFd | undefined): Exit {
  if (waitStatus !== undefined) return exitOf(waitStatus);
  if (pidfd !== undefined) failsWith([ERRNO.ESRCH], () => pidfdSendSignal(pidfd.fd, SIG.SIGKILL));
  return exitOf(KILLED);
}
