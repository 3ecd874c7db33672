import { NsError } from '@ns/errors';

/** How the value of an option is read, from the command line and from the configuration file. */
export interface Kind<T> {
  /** Each time that the flag is given counts; else the last one. */
  readonly isList: boolean;
  /** The flag stands alone, or may. */
  readonly isSwitch: boolean;
  /** What there is to choose from. */
  readonly choices?: readonly string[];
  /** @throws {@link ValueError} */
  ofFlag(texts: readonly string[]): T;
  /** Undefined: what is there means that nothing is said. @throws {@link ValueError} */
  ofFile(json: unknown): T | undefined;
  /** As `--help` and messages show it. */
  show(value: T): string;
}

/** What is wrong with a value; whoever knows where it comes from says so. */
export class ValueError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Read a value, and say where it comes from when it cannot be.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, or what the reader throws, with `where` as its operation.
 */
export function readAt<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ValueError || NsError.is(cause))) throw cause;
    const isOther = NsError.is(cause);
    const message = isOther ? cause.message.replace(`${cause.operation}: `, '') : cause.message;
    const { hint } = cause;
    throw new NsError(isOther ? cause.code : 'ERR_NS_INVALID_ARGUMENT', {
      operation: where,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** A value of JSON as messages quote it. */
export function quote(json: unknown): string {
  const text = JSON.stringify(json);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

export const wrongType = (json: unknown, what: string): ValueError =>
  new ValueError(`${quote(json)} is not ${what}`);
