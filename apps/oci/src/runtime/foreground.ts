import { constants } from 'node:os';

import { TerminalStream } from '@ns/execdriver/runtime';
import {
  dupAtLeast,
  ERRNO,
  failsWith,
  getWindowSize,
  pidfdOpen,
  pidfdSendSignal,
  setWindowSize,
  waitPidfd,
  watch,
  type OwnedFd,
} from '@ns/syscall';

/** Signals that are not for the container: about our own children and terminal, or not to be caught. */
const OURS = new Set(['SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGURG', 'SIGPIPE', 'SIGWINCH', 'SIGPROF']);
/** Node has none for them, or they tell of a fault of this process. */
const FAULTS = new Set(['SIGILL', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGTRAP', 'SIGABRT', 'SIGIOT', 'SIGSYS']);

/**
 * Stay with a process, a child of ours, until it ends: signals are handed on, and its terminal is connected to ours.
 *
 * @param master - Of its terminal. Owned.
 * @returns What a shell would say: its exit status, or 128 and the signal.
 */
export async function stayWith(pid: number, master: OwnedFd | undefined): Promise<number> {
  using pidfd = pidfdOpen(pid);
  const forward = (_name: string, signal: number): void => {
    failsWith([ERRNO.ESRCH], () => pidfdSendSignal(pidfd.fd, signal));
  };
  const signals = Object.keys(constants.signals).filter((name) => !OURS.has(name) && !FAULTS.has(name));
  for (const name of signals) process.on(name as NodeJS.Signals, forward);
  const disconnect = master === undefined ? undefined : connect(master);
  try {
    const status = await ended(pidfd.fd);
    await disconnect?.();
    return status;
  } finally {
    for (const name of signals) process.off(name, forward);
  }
}

function ended(pidfd: number): Promise<number> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const status = waitPidfd(pidfd);
      if (status?.kind === 'exited') resolve(status.code);
      else if (status?.kind === 'signaled') resolve(128 + status.signal);
      else return false;
      return true;
    };
    if (look()) return;
    const watcher = watch(pidfd, { readable: true }, () => {
      if (look()) watcher.close();
    });
  });
}

/** @returns What is done at the end: the rest is written, and our terminal is as it was. */
function connect(master: OwnedFd): () => Promise<void> {
  const control = dupAtLeast(master.fd);
  const terminal = new TerminalStream(master.take());
  const { stdin, stdout } = process;
  const resize = (): void => {
    if (stdout.isTTY) failsWith([ERRNO.EIO], () => setWindowSize(control.fd, getWindowSize(1)));
  };
  resize();
  process.on('SIGWINCH', resize);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.pipe(terminal);
  const drained = new Promise<void>((resolve) => {
    terminal.on('end', resolve);
    terminal.on('error', () => resolve());
  });
  terminal.pipe(stdout, { end: false });
  return async () => {
    await drained;
    process.off('SIGWINCH', resize);
    stdin.unpipe(terminal);
    stdin.pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    // A file has nothing that keeps us.
    if ('unref' in stdin) stdin.unref();
    terminal.destroy();
    control.close();
  };
}
