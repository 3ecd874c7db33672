import { constants } from 'node:os';

import {
  ERRNO,
  failsWith,
  pidfdOpen,
  pidfdSendSignal,
  waitPidfd,
  watch,
  syscall,
  TIO,
  type OwnedFd,
  getWindowSize,
} from '@ns/syscall';

import type { ProcessPlan } from '../plan.js';

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
  const disconnect = master === undefined ? undefined : await connect(master);
  try {
    const status = await ended(pidfd.fd);
    await disconnect?.();
    return status;
  } finally {
    for (const name of signals) process.off(name, forward);
  }
}

/** Loading terminals takes milliseconds. */
async function connect(master: OwnedFd): Promise<() => Promise<void>> {
  const { connectTerminal } = await import('./foreground-terminal.js');
  return connectTerminal(master);
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

/** The process as it has our terminal's size, unless its own is said: its first look is right then. */
export function withOwnSize(process: ProcessPlan): ProcessPlan {
  if (!process.terminal || process.consoleSize !== undefined) return process;
  const consoleSize = failsWith([ERRNO.ENOTTY, ERRNO.EBADF, ERRNO.EINVAL, ERRNO.EIO], () => getWindowSize(0));
  return consoleSize === undefined ? process : { ...process, consoleSize };
}

/** `struct termios` of `<asm-generic/termbits.h>`: where the output flags are, and the one that makes CR LF of LF. */
const [TERMIOS_SIZE, C_OFLAG, ONLCR] = [36, 4, 4];

/** Our own terminal makes CR LF of LF: the container's must not do it before. */
export function passLineEnds(fd: number): void {
  const modes = Buffer.alloc(TERMIOS_SIZE);
  syscall('get the modes of the terminal', 'ioctl', fd, TIO.TCGETS, modes);
  modes.writeUInt32LE((modes.readUInt32LE(C_OFLAG) & ~ONLCR) >>> 0, C_OFLAG);
  syscall('set the modes of the terminal', 'ioctl', fd, TIO.TCSETS, modes);
}
