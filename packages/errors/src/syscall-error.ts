/** What a {@link SyscallError} is made of. */
export interface SyscallErrorOptions {
  /** The system call's name: `mount_setattr`. */
  readonly syscall: string;
  /** The positive errno the kernel returned. */
  readonly errno: number;
  /** Its name: `EPERM`. */
  readonly code: string;
  /** The C library's words for it: `Operation not permitted`. */
  readonly description: string;
  /** What the call was for, with its object: `mount proc on /proc`. */
  readonly what: string;
  /** The arguments as text, decoded. */
  readonly args?: string | undefined;
  /** The path the call was about. */
  readonly path?: string | undefined;
  /** What the user can do about it. */
  readonly hint?: string | undefined;
}

const brand = Symbol.for('@ns/errors/SyscallError');

/**
 * What the kernel said: `mount proc on /proc: EPERM (Operation not permitted)`.
 *
 * `errno`, `code`, `syscall` and `path` have the same meaning as on the errors of Node's `fs`.
 */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly errno: number;
  readonly code: string;
  readonly syscall: string;
  readonly args?: string | undefined;
  readonly path?: string | undefined;
  readonly hint?: string | undefined;

  constructor(options: SyscallErrorOptions) {
    super(`${options.what}: ${options.code} (${options.description})`);
    this.errno = options.errno;
    this.code = options.code;
    this.syscall = options.syscall;
    this.args = options.args;
    this.path = options.path;
    this.hint = options.hint;
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for a SyscallError of any copy of this package in the process. */
  static is(error: unknown): error is SyscallError {
    return typeof error === 'object' && error !== null && brand in error;
  }
}
