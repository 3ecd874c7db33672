import { NsError, type NsErrorCode } from '@ns/errors';
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
