import { once } from 'node:events';

import type { EngineClient } from '@ns/engine-api';

/** What the user's environment looks like to a command. */
export interface CliOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Streams are opened when they are needed: it takes time. */
  readonly stdin: () => NodeJS.ReadStream;
  readonly stdout: () => NodeJS.WriteStream;
  readonly stderr: () => NodeJS.WriteStream;
  /** Of `-H`. */
  readonly host: string | undefined;
  readonly debug: boolean;
}

/** How to get hold of the engine. */
export interface ConnectOptions {
  /** Start ns-daemon when none runs. Default true. */
  readonly start?: boolean;
}

/** What every command works with. */
export class Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly debug: boolean;
  /** Of `-H`; see `engine/host.ts` for the rest. */
  readonly host: string | undefined;
  readonly #streams: Pick<CliOptions, 'stdin' | 'stdout' | 'stderr'>;

  constructor(options: CliOptions) {
    this.env = options.env;
    this.#streams = options;
    this.host = options.host;
    this.debug = options.debug;
  }

  get stdin(): NodeJS.ReadStream {
    return this.#streams.stdin();
  }

  get stdout(): NodeJS.WriteStream {
    return this.#streams.stdout();
  }

  get stderr(): NodeJS.WriteStream {
    return this.#streams.stderr();
  }

  /** The engine, which is started when it may be and the first request finds none. */
  async engine(options: ConnectOptions = {}): Promise<EngineClient> {
    const { connect } = await import('./engine/connect.js');
    return connect(this, options.start ?? true);
  }

  /** A line, or lines, for whoever reads the output. */
  print(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  /** A line for the user. */
  warn(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** A line for whoever looks for a fault: with `-D` only. */
  trace(text: string): void {
    if (this.debug) this.warn(`ns: ${text}`);
  }

  /** Colour is for terminals whose user has not asked for none: see no-color.org. */
  get colours(): boolean {
    return this.stdout.isTTY && (this.env['NO_COLOR'] ?? '') === '' && this.env['TERM'] !== 'dumb';
  }

  /** Write bytes, no faster than they are taken. */
  async write(chunk: Uint8Array): Promise<void> {
    if (!this.stdout.write(chunk)) await once(this.stdout, 'drain');
  }
}
