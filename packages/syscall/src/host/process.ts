import { ERRNO } from '../uapi/errno.js';
import { PR } from '../uapi/prctl.js';
import { RLIM_INFINITY, RLIMIT } from '../uapi/resource.js';
import { parseSiginfoChild } from '../uapi/siginfo.js';
import { signalName } from '../uapi/signal.js';
import { decodeWaitStatus, P, W, type WaitStatus } from '../uapi/wait.js';
import { failsWith } from './attempt.js';
import { syscall } from './native.js';

/**
 * Send a signal to a process, or with a negative pid to a process group. See kill(2).
 *
 * @remarks
 * The number may be another process by now unless the process is our child and not yet waited for: prefer
 * `pidfdSendSignal`.
 *
 * @throws SyscallError ESRCH when there is no such process; EPERM.
 */
export function kill(pid: number, signal: number): void {
  syscall(`send ${signalName(signal)} to process ${pid}`, 'kill', pid, signal);
}

/**
 * How a child ended, without waiting for it; the child is gone after that. See wait4(2), `WNOHANG`.
 *
 * @remarks
 * For children that `spawn` started, or that were inherited as a subreaper. Those of `node:child_process` belong to
 * libuv, which would never hear of their end.
 *
 * @returns `undefined` while it runs.
 * @throws SyscallError ECHILD when it is no child of ours, or was waited for.
 */
export function waitPid(pid: number): WaitStatus | undefined {
  const status = Buffer.alloc(4);
  const ended = syscall(`wait for process ${pid}`, 'wait4', pid, status, W.WNOHANG, null);
  return ended === 0 ? undefined : decodeWaitStatus(status.readInt32LE(0));
}

/**
 * As {@link waitPid}, for the child of a pidfd. See waitid(2), `P_PIDFD`, Linux 5.4.
 *
 * @returns `undefined` while it runs.
 */
export function waitPidfd(pidfd: number): WaitStatus | undefined {
  const info = Buffer.alloc(128);
  const what = `wait for the process of pidfd ${pidfd}`;
  // A non-blocking pidfd answers EAGAIN where others leave the structure empty.
  const options = W.WEXITED | W.WNOHANG;
  const done = failsWith([ERRNO.EAGAIN], () =>
    syscall(what, 'waitid', P.P_PIDFD, pidfd, info, options, null),
  );
  return done === undefined ? undefined : parseSiginfoChild(info)?.status;
}

/**
 * Make this process the parent of its descendants whose own parents end. See prctl(2), `PR_SET_CHILD_SUBREAPER`.
 *
 * @remarks
 * They have to be waited for by somebody then.
 */
export function setChildSubreaper(on: boolean): void {
  syscall('become a child subreaper', 'prctl', PR.PR_SET_CHILD_SUBREAPER, on ? 1 : 0, 0, 0, 0);
}

/** A limit of a resource, in the resource's own unit. */
export type Limit = number | 'unlimited';
/** What a process may use: `soft` is enforced, and may be raised to `hard`. */
export interface ResourceLimit {
  readonly soft: Limit;
  readonly hard: Limit;
}

const limitOf = (value: bigint): Limit => (value === RLIM_INFINITY ? 'unlimited' : Number(value));
const limitBits = (limit: Limit): bigint => (limit === 'unlimited' ? RLIM_INFINITY : BigInt(limit));

/** A resource limit of a process; pid zero is this one. See prlimit(2). */
export function getResourceLimit(pid: number, resource: keyof typeof RLIMIT): ResourceLimit {
  const buffer = Buffer.alloc(16);
  syscall(`get ${resource} of process ${pid}`, 'prlimit64', pid, RLIMIT[resource], null, buffer);
  return { soft: limitOf(buffer.readBigUInt64LE(0)), hard: limitOf(buffer.readBigUInt64LE(8)) };
}

/**
 * Set a resource limit of a process; pid zero is this one. See prlimit(2).
 *
 * @throws SyscallError EPERM for raising a hard limit without CAP_SYS_RESOURCE, or RLIMIT_NOFILE above
 * `/proc/sys/fs/nr_open`; EINVAL for a soft limit above the hard one.
 */
export function setResourceLimit(pid: number, resource: keyof typeof RLIMIT, limit: ResourceLimit): void {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(limitBits(limit.soft), 0);
  buffer.writeBigUInt64LE(limitBits(limit.hard), 8);
  syscall(`set ${resource} of process ${pid}`, 'prlimit64', pid, RLIMIT[resource], buffer, null);
}
