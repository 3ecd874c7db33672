import { isErrno, NsError } from '@ns/errors';
import { ERRNO, failsWith, kill, pidfdOpen, pidfdSendSignal, SIG } from '@ns/syscall';

import { removeCgroup } from './cgroup.js';
import { runHooksAnyway } from './hooks.js';
import {
  directoryOf,
  isAlive,
  ociState,
  readState,
  removeState,
  statusOf,
  type StateRecord,
} from './state.js';
import { openOwnCgroup } from './own-cgroup.js';

/** How long the end of a killed process is waited for, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Send a signal to the first process of a container, or to all of its processes.
 *
 * @throws {@link NsError} `ERR_NS_NOT_RUNNING` when it has ended, `ERR_NS_NOT_FOUND`
 */
export async function signalContainer(root: string, id: string, signal: number, all: boolean): Promise<void> {
  const record = readState(root, id);
  const cgroup = openOwnCgroup(record.cgroup_path);
  // Without a pid namespace of its own others may be left when the first process is not.
  if (all && cgroup !== undefined) {
    // That nobody is left is what was wanted.
    if (signal === SIG.SIGKILL) await cgroup.kill({ timeoutMs: PATIENCE_MS });
    else for (const pid of cgroup.processes()) failsWith([ERRNO.ESRCH], () => kill(pid, signal));
    return;
  }
  if (!signalFirst(record, signal)) throw notRunning(id);
  // A frozen process of cgroup version 1 dies when it runs on.
  if (signal === SIG.SIGKILL && cgroup?.isFrozen === true) cgroup.thaw();
  // Nobody else ends the others.
  if (signal === SIG.SIGKILL && !record.own_pids && cgroup !== undefined) {
    await cgroup.kill({ timeoutMs: PATIENCE_MS });
  }
}

function signalFirst(record: StateRecord, signal: number): boolean {
  if (!isAlive(record)) return false;
  using pidfd = failsWith([ERRNO.ESRCH], () => pidfdOpen(record.init_process_pid));
  // The number may be another process's by now; the descriptor cannot change hands.
  if (pidfd === undefined || !isAlive(record)) return false;
  return (
    failsWith([ERRNO.ESRCH], () => {
      pidfdSendSignal(pidfd.fd, signal);
      return true;
    }) === true
  );
}

/** What callers look for in the words of an error. */
const notRunning = (id: string): NsError =>
  new NsError('ERR_NS_NOT_RUNNING', { operation: 'kill', message: `container not running: ${id}` });

/**
 * Remove a container: its cgroup, its state; then its hooks of `poststop` are run.
 *
 * @param force - Kill it first when it runs; nothing is wrong when there is none.
 * @throws {@link NsError} `ERR_NS_CONFLICT` when it runs, `ERR_NS_NOT_FOUND`
 */
export async function deleteContainer(
  root: string,
  id: string,
  options: { readonly force: boolean; readonly warn: (message: string) => void },
): Promise<void> {
  const { force, warn } = options;
  let record: StateRecord;
  try {
    record = readState(root, id);
  } catch (error) {
    if (!force || !NsError.is(error)) throw error;
    if (error.code !== 'ERR_NS_NOT_FOUND' && error.code !== 'ERR_NS_CORRUPT') throw error;
    // What `create` left when it was killed at once, or what nobody can read.
    removeState(directoryOf(root, id));
    return;
  }
  const status = statusOf(root, record);
  if (status !== 'stopped' && status !== 'created' && !force) {
    throw new NsError('ERR_NS_CONFLICT', {
      operation: 'delete',
      message: `cannot delete container ${id} that is not stopped: ${status}`,
      hint: 'kill it first, or use --force',
    });
  }
  signalFirst(record, SIG.SIGKILL);
  const cgroup = openOwnCgroup(record.cgroup_path);
  await cgroup?.kill({ timeoutMs: PATIENCE_MS });
  await awaitEnd(record);
  await removeCgroupIfPermitted(cgroup, record.systemd_unit, warn);
  removeState(directoryOf(root, id));
  await runHooksAnyway('poststop', record.hooks.poststop, ociState(record, 'stopped'), warn);
}

/** A caller may be gone, and its place at the side of a cgroup taken by others: that is told, and stops nothing. */
async function removeCgroupIfPermitted(
  cgroup: ReturnType<typeof openOwnCgroup>,
  unit: string | undefined,
  warn: (message: string) => void,
): Promise<void> {
  try {
    await removeCgroup(cgroup, unit, { timeoutMs: PATIENCE_MS });
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    warn((error as Error).message);
  }
}

async function awaitEnd(record: StateRecord): Promise<void> {
  for (let waited = 0; isAlive(record); waited += 5) {
    if (waited > PATIENCE_MS) {
      throw new NsError('ERR_NS_TIMEOUT', {
        operation: 'delete',
        message: `process ${record.init_process_pid} has not ended after SIGKILL`,
        hint: 'it is in a system call that cannot be interrupted: see /proc/PID/stack',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
