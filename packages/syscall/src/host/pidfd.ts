import { OwnedFd } from './fd.js';
import { syscall } from './native.js';
import { signalName } from '../uapi/signal.js';

/**
 * A descriptor of a process, which stays its own when the number is used again. See pidfd_open(2), Linux 5.3.
 *
 * @remarks
 * Close-on-exec. Becomes readable when the process ends: see `watch`.
 *
 * @throws SyscallError ESRCH when there is no such process; EINVAL for a thread that does not lead its process.
 */
export function pidfdOpen(pid: number): OwnedFd {
  return new OwnedFd(syscall(`open a pidfd of process ${pid}`, 'pidfd_open', pid, 0));
}

/**
 * Send a signal to the process of a pidfd. See pidfd_send_signal(2), Linux 5.1.
 *
 * @param signal - Zero asks whether one could be sent.
 * @throws SyscallError ESRCH when the process has ended and was waited for; EPERM.
 */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  const what = `send ${signal === 0 ? 'no signal' : signalName(signal)} through pidfd ${pidfd}`;
  syscall(what, 'pidfd_send_signal', pidfd, signal, null, 0);
}

/**
 * A duplicate of another process's descriptor, close-on-exec. See pidfd_getfd(2), Linux 5.6.
 *
 * @throws SyscallError EPERM without the right to trace the process (`PTRACE_MODE_ATTACH_REALCREDS`); EBADF when it
 * has no such descriptor; ESRCH when it has ended.
 */
export function pidfdGetfd(pidfd: number, targetFd: number): OwnedFd {
  const what = `get descriptor ${targetFd} through pidfd ${pidfd}`;
  return new OwnedFd(syscall(what, 'pidfd_getfd', pidfd, targetFd, 0));
}
