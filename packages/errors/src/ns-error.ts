import type { NsErrorCode } from './codes.js';

/** What an {@link NsError} is made of. */
export interface NsErrorOptions {
  /** What was being done: `mounts`, `run`, `images import`. */
  readonly operation: string;
  /** The fact, in lower case, without a full stop: `memory limit 2 KiB is below the minimum of 512 KiB`. */
  readonly message: string;
  /** The file, container, image, interface the operation was about. */
  readonly path?: string | undefined;
  /** What the user can do about it, as a sentence. */
  readonly hint?: string | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
}

const brand = Symbol.for('@ns/errors/NsError');

/**
 * What we were doing when it went wrong.
 *
 * The message reads `operation: fact`; when there is a hint, {@link NsError.hint} says what to do next.
 */
export class NsError extends Error {
  override readonly name = 'NsError';
  /** One of the documented codes. */
  readonly code: NsErrorCode;
  readonly operation: string;
  readonly path?: string | undefined;
  readonly hint?: string | undefined;

  constructor(code: NsErrorCode, options: NsErrorOptions) {
    super(
      `${options.operation}: ${options.message}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.operation = options.operation;
    this.path = options.path;
    this.hint = options.hint;
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for an NsError of any copy of this package in the process. */
  static is(error: unknown): error is NsError {
    return typeof error === 'object' && error !== null && brand in error;
  }
}
