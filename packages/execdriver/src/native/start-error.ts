import type { Cgroup } from '@ns/cgroups';
import { isErrno, NsError, type NsErrorCode } from '@ns/errors';
import type { Failure } from '@ns/syscall';

/**
 * The error of a start program whose step failed.
 *
 * The tag of the step says what the failure means to the caller: that the command is missing or cannot be executed are
 * conditions with exit codes of their own (127 and 126).
 */
export function startError(operation: string, failure: Failure): NsError {
  const { step, error } = failure;
  return new NsError(codeOf(step.tag, error.code), {
    operation,
    message: error.message,
    path: error.path,
    hint: error.hint,
    cause: error,
  });
}

function codeOf(tag: string | undefined, errno: string): NsErrorCode {
  if (tag !== 'exec') return 'ERR_NS_STEP_FAILED';
  return errno === 'ENOENT' || errno === 'ENOTDIR'
    ? 'ERR_NS_COMMAND_NOT_FOUND'
    : 'ERR_NS_COMMAND_NOT_EXECUTABLE';
}

/**
 * The error of a start, which is another one when the container's memory was used up.
 *
 * @remarks
 * Where memory cannot be had for the arguments, execve(2) says that they are too long (`E2BIG`); and while the monitor has
 * lent its memory to the process (vfork(2)), the out-of-memory killer takes neither.
 */
export function withMemory(error: unknown, cgroup: Cgroup | undefined): unknown {
  if (!NsError.is(error) || !(isErrno(error, 'E2BIG', 'ENOMEM') || error.cause === undefined)) return error;
  const memory = cgroup?.exists ? cgroup.stats().memory : undefined;
  if (memory === undefined || memory.limitBytes === 'unlimited') return error;
  const { limitBytes, oomKills, peakBytes = 0 } = memory;
  if (oomKills === 0 && peakBytes < limitBytes) return error;
  return new NsError('ERR_NS_STEP_FAILED', {
    operation: error.operation,
    message: `the container’s memory, ${limitBytes} bytes, ran out before the program ran`,
    hint: 'raise its memory limit',
    cause: error,
  });
}
