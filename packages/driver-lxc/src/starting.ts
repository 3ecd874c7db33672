import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { detect } from '@ns/cgroups';
import { isErrno, NsError } from '@ns/errors';
import type { Place, StartedCommand } from '@ns/execdriver/kit';
import { failureOf, FAILURE_RECORD_SIZE } from '@ns/syscall';

import { readIfAny, type Programs } from './launcher.js';
import { errorsIn, hasGivenUp, pidIn } from './log.js';
import { FILES } from './names.js';
import { MOUNT_ADDRESS } from './programs/mount.js';

/** How often the log is looked at, for what hardly ever happens. */
const GIVEN_UP_MS = 500;

/** The pid of the container's first process, which runs or has run: LXC logs it at once. */
export async function pidOf(place: Place, command: StartedCommand): Promise<number> {
  let hasEnded = false;
  void command.ended.then(() => (hasEnded = true));
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 20)) {
    const isLast = hasEnded;
    const pid = pidIn(logOf(place.directory));
    if (pid !== undefined) return pid;
    if (isLast) throw endedEarly(place);
    await sleep(pauseMs);
  }
}

/**
 * Rejects when LXC has given up and does not end, which happens: it waits for a process that is gone.
 *
 * @param signal - Ends the watch.
 */
export async function givenUp(place: Place, signal: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(GIVEN_UP_MS, undefined, { signal });
    if (hasGivenUp(logOf(place.directory))) throw endedEarly(place);
  }
}

/** lxc-start was in the container's version 2 group so that the container is born there. */
export function leaveUnified(pid: number): void {
  const { kind, unified } = detect();
  if (kind !== 'hybrid' || unified === undefined) return;
  try {
    writeFileSync(join(unified.mountPoint, unified.ownPath, 'cgroup.procs'), String(pid));
  } catch (error) {
    // It has ended.
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Why a container could not be started: the record of one of the programs before the inner one, if that had no chance. */
export function startFailure({ directory }: Place, programs: Programs, error: unknown): unknown {
  if (!NsError.is(error) || error.code !== 'ERR_NS_TOOL_FAILED') return error;
  const record = readIfAny(join(directory, FILES.failure));
  if (record === undefined || record.length < FAILURE_RECORD_SIZE) return error;
  return stepError(record.subarray(0, FAILURE_RECORD_SIZE), programs);
}

/** What LXC says about a failure. */
export const saidBy = ({ directory }: Place): string | undefined => {
  const errors = errorsIn(logOf(directory));
  return errors.length === 0 ? undefined : errors.join('; ');
};

function stepError(record: Buffer, [launch, mount]: Programs): NsError {
  const isLaunch = record.readUInt32LE(0) < MOUNT_ADDRESS;
  const { error } = failureOf((isLaunch ? launch : mount)!, record);
  return new NsError('ERR_NS_STEP_FAILED', {
    operation: 'start',
    message: error.message,
    path: error.path,
    hint: error.hint,
    cause: error,
  });
}

const endedEarly = (place: Place): NsError =>
  new NsError('ERR_NS_TOOL_FAILED', {
    operation: 'start',
    message: `lxc-start made no container${said(place)}`,
    hint: 'see lxc.container.conf(5): settings of driverConfig (--lxc-conf) may not fit the rest',
  });

const said = (place: Place): string => {
  const text = saidBy(place);
  return text === undefined ? '' : `: ${text}`;
};

const logOf = (directory: string): string => readIfAny(join(directory, FILES.log))?.toString() ?? '';
