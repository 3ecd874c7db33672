import { NsError } from '@ns/errors';
import type { Place } from '@ns/execdriver/kit';
import { failureOf, FAILURE_RECORD_SIZE, type Image } from '@ns/syscall';

import { fileOf, readIfAny } from './facts.js';

/** Why a container could not be started: the record of the launcher's step that failed, if it came to that. */
export function startFailure(place: Place, launcher: Image | undefined, error: unknown): unknown {
  if (launcher === undefined || !NsError.is(error) || error.code !== 'ERR_NS_TOOL_FAILED') return error;
  const record = readIfAny(fileOf(place, 'failure'));
  if (record === undefined || record.length < FAILURE_RECORD_SIZE) return error;
  const { error: cause } = failureOf(launcher, record.subarray(0, FAILURE_RECORD_SIZE));
  return new NsError('ERR_NS_STEP_FAILED', {
    operation: 'start',
    message: cause.message,
    path: cause.path,
    hint: cause.hint,
    cause,
  });
}
