import type { ErrorResponse } from '@ns/engine-api';
import { hintOf, NsError, type NsErrorCode } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';

const STATUS: Readonly<Partial<Record<NsErrorCode, number>>> = {
  ERR_NS_INVALID_ARGUMENT: 400,
  ERR_NS_COMMAND_NOT_FOUND: 400,
  ERR_NS_COMMAND_NOT_EXECUTABLE: 400,
  ERR_NS_CORRUPT: 400,
  ERR_NS_NOT_FOUND: 404,
  ERR_NS_CONFLICT: 409,
  ERR_NS_NOT_RUNNING: 409,
  ERR_NS_UNSUPPORTED: 501,
  ERR_NS_TIMEOUT: 504,
};

/** The HTTP status of an error: Docker's for what the user did wrong, 500 for what we did. */
export function statusOf(error: unknown): number {
  return NsError.is(error) ? (STATUS[error.code] ?? 500) : 500;
}

/**
 * The body of an error's answer.
 *
 * @param hintInMessage - For clients that show `message` alone, which are all but ours.
 */
export function errorBody(error: unknown, hintInMessage: boolean): ErrorResponse {
  const text = error instanceof Error || NsError.is(error) ? error.message : String(error);
  const hint = hintOf(error);
  const fact = text.startsWith(`${DOCKER}: `) ? text.slice(DOCKER.length + 2) : text;
  return {
    message: hintInMessage && hint !== undefined ? `${fact} (${hint.replace(/\.$/, '')})` : fact,
    ...(NsError.is(error) ? { nsCode: error.code } : {}),
    ...(hint === undefined ? {} : { hint }),
  };
}
