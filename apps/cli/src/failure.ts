/**
 * The command ends here, with this exit code.
 *
 * Everything else that is thrown ends with 1, or with 125 where Docker does.
 */
export class Failure extends Error {
  readonly exitCode: number;
  /** What the user can do about it. */
  readonly hint: string | undefined;

  /** @param message - Empty: nothing is printed, the exit code says it all. */
  constructor(exitCode: number, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

/** The exit code of bad flags, and of whatever keeps a container from being started. */
export const CANNOT_RUN = 125;

/** Bad flags or values: the message, and where to read on. */
export class UsageFailure extends Failure {
  constructor(command: string, message: string, exitCode: number = CANNOT_RUN) {
    super(exitCode, `${message}\nSee 'ns${command === '' ? '' : ` ${command}`} --help'.`);
  }
}
