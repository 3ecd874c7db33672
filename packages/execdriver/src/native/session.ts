import { NsError } from '@ns/errors';
import { dupAtLeast, ERRNO, failsWith, OwnedFd, pidfdSendSignal, setWindowSize, SIG } from '@ns/syscall';

import type { Exit, Streams, WindowSize } from '../contract.js';
import { validateWindow } from '../validate.js';
import { stayFor } from './launch.js';
import { readPipe, TerminalStream, writePipe } from './streams.js';

/** Our ends of a process's standard streams. Those that are absent are not ours to serve. */
export interface OurEnds {
  readonly stdin?: OwnedFd | undefined;
  readonly stdout?: OwnedFd | undefined;
  readonly stderr?: OwnedFd | undefined;
  readonly master?: OwnedFd | undefined;
}

/** What a {@link Session} is made of. It owns the descriptors. */
export interface SessionParts {
  readonly pid: number;
  /** Undefined when the process has ended already. */
  readonly pidfd: OwnedFd | undefined;
  readonly monitorPidfd: OwnedFd;
  readonly ends: OurEnds;
  readonly exit: Promise<Exit>;
  /** Asked when it has ended. */
  readonly wasOomKilled?: (() => boolean) | undefined;
  /** Resolves when the monitor is gone: some time after the process. */
  readonly gone: Promise<void>;
}

/** A process that a monitor watches, seen from here: the first of a container, or one that was executed in it. */
export class Session {
  readonly pid: number;
  readonly streams: Streams;
  readonly exit: Promise<Exit>;
  readonly #pidfd: OwnedFd | undefined;
  readonly #monitorPidfd: OwnedFd;
  readonly #control: OwnedFd | undefined;
  readonly #gone: Promise<void>;
  #running = true;

  constructor({ pid, pidfd, monitorPidfd, ends, exit, gone, wasOomKilled }: SessionParts) {
    this.pid = pid;
    this.#pidfd = pidfd;
    this.#monitorPidfd = monitorPidfd;
    // A descriptor of its own for resizing: the stream closes the other one when it likes.
    this.#control = ends.master === undefined ? undefined : dupAtLeast(ends.master.fd);
    this.streams = openStreams(ends, monitorPidfd);
    this.#gone = gone.finally(() => monitorPidfd.close());
    const judged = exit.then((end) => (wasOomKilled?.() === true ? { ...end, oomKilled: true } : end));
    this.exit = judged.finally(() => {
      this.#running = false;
      pidfd?.close();
      this.#control?.close();
    });
    // Whoever waits hears of a rejection; that nobody waits is no error.
    this.exit.catch(() => undefined);
  }

  get running(): boolean {
    return this.#running;
  }

  signal(signal: number): void {
    const sent =
      this.#running && this.#pidfd !== undefined
        ? failsWith([ERRNO.ESRCH], () => {
            pidfdSendSignal(this.#pidfd!.fd, signal);
            return true;
          })
        : undefined;
    if (sent === undefined) throw notRunning('signal');
  }

  /** A duplicate of the process's pidfd. */
  pidfd(): OwnedFd {
    if (!this.#running || this.#pidfd === undefined) throw notRunning('exec');
    return dupAtLeast(this.#pidfd.fd);
  }

  resize(size: WindowSize): void {
    validateWindow(size);
    if (this.#control === undefined) {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: 'resize',
        message: 'the process has no terminal',
        hint: 'start it with a terminal (-t)',
      });
    }
    if (!this.#running) throw notRunning('resize');
    setWindowSize(this.#control.fd, size);
  }

  /** Kill the monitor, which the process cannot do without. */
  killMonitor(): void {
    const monitor = this.#monitorPidfd;
    if (monitor.isOpen) failsWith([ERRNO.ESRCH], () => pidfdSendSignal(monitor.fd, SIG.SIGKILL));
  }

  /** Give up the streams, read or not, and after the end of the process its monitor, which may wait for them to be read. */
  async letGo(): Promise<void> {
    this.streams.stdin?.destroy();
    this.streams.stdout?.destroy();
    this.streams.stderr?.destroy();
    await this.exit;
    this.killMonitor();
  }

  /** Resolves when the monitor is gone: soon, when it was let go. */
  async monitorGone(): Promise<void> {
    await stayFor(this.#gone);
  }
}

export const notRunning = (operation: string): NsError =>
  new NsError('ERR_NS_NOT_RUNNING', {
    operation,
    message: 'the container is not running',
    hint: 'start it first',
  });

function openStreams(ends: OurEnds, monitorPidfd: OwnedFd): Streams {
  if (ends.master !== undefined) {
    const terminal = new TerminalStream(ends.master.take());
    return { stdin: terminal, stdout: terminal };
  }
  const { stdin, stdout, stderr } = ends;
  return {
    ...(stdin === undefined ? {} : { stdin: openStdin(stdin, monitorPidfd) }),
    ...(stdout === undefined ? {} : { stdout: readPipe(stdout.take()) }),
    ...(stderr === undefined ? {} : { stderr: readPipe(stderr.take()) }),
  };
}

function openStdin(fd: OwnedFd, monitorPidfd: OwnedFd): NonNullable<Streams['stdin']> {
  const stdin = writePipe(fd.take());
  stdin.on('finish', () => {
    // The monitor has the other copy of this end: it is told that there will be no more.
    if (monitorPidfd.isOpen) failsWith([ERRNO.ESRCH], () => pidfdSendSignal(monitorPidfd.fd, SIG.SIGUSR1));
  });
  return stdin;
}
