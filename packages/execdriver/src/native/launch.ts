import { NsError } from '@ns/errors';
import {
  failsWith,
  ERRNO,
  failureOf,
  kill,
  OwnedFd,
  pidfdOpen,
  pipe,
  readAvailable,
  SIG,
  spawn,
  syscall,
  watch,
  type Image,
  type LoadedImage,
  type Watcher,
} from '@ns/syscall';

import { DESCRIPTOR, REPORT } from './descriptors.js';
import { startError } from './start-error.js';

/** A start program that is running: the monitor of a container or of a program in one. */
export interface Launch {
  readonly monitorPidfd: OwnedFd;
  /** The pid of the process that the monitor watches, once it executes the user's program. Rejects when a step failed. */
  readonly started: Promise<number>;
  /** Its wait status; undefined when the monitor ended without saying. Never rejects. */
  readonly ended: Promise<number | undefined>;
  /** Where it leaves another process for the monitor to watch: that one's pid. May never resolve. */
  readonly left: Promise<number>;
  /** Resolves when the monitor is gone: after the end of its process, when all output has been read. */
  readonly gone: Promise<void>;
}

export interface LaunchOptions {
  /** Starts the sentence of an error: `start`, `exec`. */
  readonly operation: string;
  readonly program: LoadedImage;
  /** The second program, which the first one executes: its failures are told by their addresses. */
  readonly reaper?: Image | undefined;
  /** The arguments that `ps` shows of the monitor. */
  readonly argv: readonly string[];
  /** What the creator has to do once the watched process exists, and before it goes on. */
  readonly onPid?: ((pid: number) => Promise<void>) | undefined;
  /** By the numbers of {@link DESCRIPTOR}, without `status` and `report`. Not closed. */
  readonly fds: Readonly<Record<number, number>>;
}

/** Spawn a start program, and follow what it says. */
export function launch(options: LaunchOptions): Launch {
  using status = pipe({ nonblocking: 'read' });
  using report = pipe({ nonblocking: 'read' });
  const fds = {
    ...options.fds,
    [DESCRIPTOR.status]: status.write.fd,
    [DESCRIPTOR.report]: report.write.fd,
  };

  const monitor = spawn(options.program.path, { argv: options.argv, fds });
  // Our copies of the ends that the monitor has now: without them, end-of-file means that it has none left.
  status.write.close();
  report.write.close();
  try {
    const monitorPidfd = pidfdOpen(monitor);
    const reports = followReports(new OwnedFd(report.read.take()), monitor, options.onPid);
    return {
      monitorPidfd,
      ended: reports.ended,
      left: reports.left,
      gone: reports.gone,
      started: outcome(options, new OwnedFd(status.read.take()), reports),
    };
  } catch (error) {
    // Nobody would follow it (no descriptors left, say): it goes, and the container's first process with it.
    kill(monitor, SIG.SIGKILL);
    collect(monitor);
    throw error;
  }
}

/** Wait for a monitor that is about to end. */
const collect = (monitor: number): unknown =>
  failsWith([ERRNO.ECHILD], () => syscall('wait for the monitor', 'wait4', monitor, null, 0, null));

interface Reports {
  readonly pid: () => number | undefined;
  /** Of what the creator did; rejects with its error. */
  readonly done: () => Promise<void>;
  readonly ended: Promise<number | undefined>;
  readonly left: Promise<number>;
  readonly gone: Promise<void>;
}

function followReports(fd: OwnedFd, monitor: number, onPid: LaunchOptions['onPid']): Reports {
  let pid: number | undefined;
  let done = Promise.resolve();
  let tellEnd: (waitStatus: number | undefined) => void;
  const ended = new Promise<number | undefined>((resolve) => (tellEnd = resolve));
  let tellLeft: (pid: number) => void;
  const left = new Promise<number>((resolve) => (tellLeft = resolve));
  let watcher: Watcher | undefined;
  const onRecord = (record: Buffer): void => {
    const kind = record.readUInt32LE(0);
    const value = record.readUInt32LE(4);
    if (kind === REPORT.left) tellLeft(value);
    else if (kind === REPORT.started) {
      pid = value;
      done = onPid?.(pid) ?? done;
      // It is heard of when the start has failed for it.
      done.catch(() => undefined);
    } else {
      tellEnd(value);
      // That output is unread, for which the monitor waits, does not keep this process.
      watcher?.unref();
    }
  };
  const gone = new Promise<void>((resolve) => {
    watcher = readUntilEnd(fd, onRecord, () => {
      // It holds the pipe until it exits, so this wait is a matter of microseconds.
      collect(monitor);
      tellEnd(undefined);
      resolve();
    });
  });
  return { pid: () => pid, done: () => done, ended, left, gone };
}

/** Wait for the end of a monitor whose watcher does not keep this process: somebody waits, so the process stays. */
export async function stayFor(gone: Promise<void>): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  try {
    await gone;
  } finally {
    clearInterval(alive);
  }
}

async function outcome(options: LaunchOptions, fd: OwnedFd, reports: Reports): Promise<number> {
  const failure = await new Promise<Buffer | undefined>((resolve) => {
    let record: Buffer | undefined;
    readUntilEnd(
      fd,
      (bytes) => (record = bytes),
      () => resolve(record),
    );
  });
  const pid = reports.pid();
  if (failure === undefined && pid !== undefined) return pid;

  // Nothing of the attempt is left when the caller hears of the failure.
  await stayFor(reports.gone);
  await reports.done();
  if (failure === undefined) {
    throw new NsError('ERR_NS_STEP_FAILED', {
      operation: options.operation,
      message: 'the monitor was killed before the program ran',
      hint: 'look for a signal or the out-of-memory killer in the kernel log (dmesg)',
    });
  }
  throw startError(options.operation, failureOf(imageOf(options, failure.readUInt32LE(0)), failure));
}

function imageOf(options: LaunchOptions, address: number): Image {
  return options.reaper?.sites.has(address) ? options.reaper : options.program.image;
}

const RECORD_SIZE = 8;

/** Records of eight bytes, each written at once, so each is read whole. */
function readUntilEnd(fd: OwnedFd, onRecord: (record: Buffer) => void, onEnd: () => void): Watcher {
  const watcher = watch(fd.fd, { readable: true, disconnect: true }, () => {
    for (;;) {
      const bytes = readAvailable(fd.fd, RECORD_SIZE);
      if (bytes === undefined) return;
      if (bytes.length < RECORD_SIZE) break;
      onRecord(bytes);
    }
    watcher.close();
    fd.close();
    onEnd();
  });
  return watcher;
}
