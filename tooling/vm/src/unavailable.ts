/** This machine cannot run a second kernel: the message is the reason, as a phrase. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** The Debian package that would change it. */
  readonly package: string | undefined;

  constructor(reason: string, options: { readonly package?: string; readonly cause?: unknown } = {}) {
    super(reason, { cause: options.cause });
    this.package = options.package;
  }
}
