import { NsError } from '@ns/errors';

import type { ErrorResponse } from '../types/error.js';

/** What an {@link EngineApiError} is made of. */
export interface EngineApiErrorOptions {
  readonly operation: string;
  /** The HTTP status, 400 and above. */
  readonly status: number;
  readonly response: ErrorResponse;
}

/**
 * The engine's answer was an error.
 *
 * `code` is `ERR_NS_API`; the message reads `operation: the engine's message`.
 */
export class EngineApiError extends NsError {
  /** The HTTP status: 404 no such object, 409 conflict, 400 bad parameter, 500 and above the engine's fault. */
  readonly status: number;
  /** The engine's own words, without the operation. */
  readonly engineMessage: string;
  /** The code of the error behind the answer, when the engine is ns-daemon. */
  readonly nsCode: string | undefined;

  constructor({ operation, status, response }: EngineApiErrorOptions) {
    super('ERR_NS_API', { operation, message: response.message, hint: response.hint });
    this.status = status;
    this.engineMessage = response.message;
    this.nsCode = response.nsCode;
  }

  /** True for an EngineApiError of any copy of this package in the process. */
  static override is(error: unknown): error is EngineApiError {
    return NsError.is(error) && error.code === 'ERR_NS_API' && 'status' in error;
  }
}

/** The error of an answer, whatever is in its body. */
export function apiError(operation: string, status: number, body: string): EngineApiError {
  return new EngineApiError({ operation, status, response: errorResponse(status, body) });
}

function errorResponse(status: number, body: string): ErrorResponse {
  try {
    const value = JSON.parse(body) as unknown;
    if (
      typeof value === 'object' &&
      value !== null &&
      'message' in value &&
      typeof value.message === 'string'
    ) {
      return {
        message: value.message,
        ...('nsCode' in value && typeof value.nsCode === 'string' ? { nsCode: value.nsCode } : {}),
        ...('hint' in value && typeof value.hint === 'string' ? { hint: value.hint } : {}),
      };
    }
  } catch {
    // Engines before 1.24, and proxies, answer in plain text.
  }
  return {
    message:
      body.trim() === '' ? `the engine answered ${status} without a message` : body.trim().slice(0, 1000),
  };
}

/** What the user can do about a connection that was refused, by Node's error code. */
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'no engine has made this socket: start ns-daemon, or name another engine with -H or NS_HOST',
  ECONNREFUSED: 'nobody listens there any more: start ns-daemon',
  EACCES: "the socket belongs to root and its group: run as root, or as a member of the socket's group",
  EPERM: "the socket belongs to root and its group: run as root, or as a member of the socket's group",
  ENOTFOUND: 'the name in the address cannot be resolved: check -H, NS_HOST and DOCKER_HOST',
  ECONNRESET: "the engine went away meanwhile: see its log, and ask for the container's state again",
  EPIPE: "the engine went away meanwhile: see its log, and ask for the container's state again",
};

/**
 * The engine could not be reached, or hung up.
 *
 * @param where - The address as the user wrote it.
 */
export function connectionError(operation: string, where: string, cause: unknown): NsError {
  const code = (cause as { code?: unknown }).code;
  const known = typeof code === 'string' ? code : '';
  return new NsError('ERR_NS_CONNECTION', {
    operation,
    message: `cannot reach the engine at ${where}: ${reason(known, cause)}`,
    path: where,
    hint: HINTS[known],
    cause,
  });
}

function reason(code: string, cause: unknown): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket';
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'it closed the connection';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
