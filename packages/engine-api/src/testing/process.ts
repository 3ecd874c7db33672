import { EventEmitter, once } from 'node:events';
import { constants } from 'node:os';
import { PassThrough, type Duplex, type Readable } from 'node:stream';

import { frame, type StreamName } from '../stream/frame.js';

/** What a program of the fake engine sees. */
export interface FakeIo {
  /** Without the program's name. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly tty: boolean;
  /** Ends with the first client's, when the container was created with `StdinOnce` and without a terminal. */
  readonly stdin: Readable;
  readonly stdout: (data: string | Uint8Array) => Promise<void>;
  readonly stderr: (data: string | Uint8Array) => Promise<void>;
  /** `signal` with a name, `SIGTERM`, and `resize` with rows and columns. A signal that nobody listens for ends it. */
  readonly events: EventEmitter<{ signal: [name: string]; resize: [rows: number, columns: number] }>;
}

/** A program of the fake engine. Its number is the exit code. */
export type FakeProgram = (io: FakeIo) => number | Promise<number>;

/** The programs that every fake image has. */
export const PROGRAMS: Readonly<Record<string, FakeProgram>> = {
  true: () => 0,
  false: () => 1,
  exit: ({ args }) => Number(args[0] ?? 0),
  async echo({ args, stdout }) {
    await stdout(`${args.join(' ')}\n`);
    return 0;
  },
  async warn({ args, stderr }) {
    await stderr(`${args.join(' ')}\n`);
    return 0;
  },
  async env({ env, stdout }) {
    await stdout(env.map((line) => `${line}\n`).join(''));
    return 0;
  },
  async cat({ stdin, stdout }) {
    for await (const chunk of stdin as AsyncIterable<Buffer>) await stdout(chunk);
    return 0;
  },
  /** Bytes of stdin in hexadecimal, until `q`. */
  async keys({ stdin, stdout }) {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      await stdout(`${chunk.toString('hex')}\r\n`);
      if (chunk.includes('q')) break;
    }
    return 0;
  },
  /** Says each size its terminal gets. */
  async size({ events, stdout }) {
    for (;;) {
      const [rows, columns] = (await once(events, 'resize')) as [number, number];
      await stdout(`${rows}x${columns}\r\n`);
    }
  },
  /** Says each signal; ends with 42 at SIGUSR1. */
  async signals({ events, stdout }) {
    events.on('signal', () => undefined);
    await stdout('ready\n');
    for (;;) {
      const [name] = (await once(events, 'signal')) as [string];
      await stdout(`${name}\n`);
      if (name === 'SIGUSR1') return 42;
    }
  },
  /** Until a signal ends it. */
  sleep: () => new Promise(() => undefined),
};

/** A connection to a process. */
export interface FakeClient {
  readonly socket: Duplex;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A line of the log. */
export interface FakeLogEntry {
  readonly stream: StreamName;
  readonly time: Date;
  readonly data: Buffer;
}

/** A running program with the clients that are attached to it. */
export class FakeProcess {
  readonly tty: boolean;
  readonly #stdinOnce: boolean;
  readonly log: FakeLogEntry[] = [];
  readonly events: FakeIo['events'] = new EventEmitter();
  readonly #clients = new Set<FakeClient>();
  readonly #stdin = new PassThrough();
  readonly #ended: ((code: number) => void)[] = [];
  #exitCode: number | undefined;

  /**
   * @param stdin - `closed`: there is no input. `once`: it ends when the first client that writes ends its own, unless
   * there is a terminal.
   */
  constructor(tty: boolean, stdin: 'closed' | 'once' | 'open') {
    this.tty = tty;
    this.#stdinOnce = stdin === 'once' && !tty;
    if (stdin === 'closed') this.#stdin.end();
  }

  /** Undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Connect a client, before the start or later. With `replay`, it is given the log first. */
  attach(client: FakeClient, replay: boolean): void {
    this.#clients.add(client);
    // The client may vanish at any time.
    client.socket.on('error', () => undefined);
    client.socket.once('close', () => this.#clients.delete(client));
    if (client.stdin && this.#stdin.writable) client.socket.pipe(this.#stdin, { end: this.#stdinOnce });
    else client.socket.resume();
    if (replay) for (const entry of this.log) void this.#send(client, entry);
    if (this.#exitCode !== undefined) client.socket.end();
  }

  /** Cut every client off, as a daemon that dies does. */
  cut(): void {
    for (const { socket } of this.#clients) socket.destroy();
  }

  /** Tell the clients that it could not be started, as Docker does once the connection is theirs. */
  async fail(message: string, code: number): Promise<void> {
    await this.#write('stdout', Buffer.from(`${message}\r\n`));
    this.#finish(code);
  }

  /** Run the program. */
  start(program: FakeProgram, args: readonly string[], env: readonly string[]): void {
    const write = (stream: StreamName) => (data: string | Uint8Array) =>
      this.#write(stream, Buffer.from(data));
    const [stdout, stderr] = [write('stdout'), write(this.tty ? 'stdout' : 'stderr')];
    const io: FakeIo = { args, env, tty: this.tty, stdin: this.#stdin, stdout, stderr, events: this.events };
    void Promise.resolve(program(io)).then((code) => this.#finish(code));
  }

  /** Deliver a signal by its name. */
  signal(name: string): void {
    const number = (constants.signals as Readonly<Record<string, number>>)[name] ?? 0;
    const fatal = !['SIGWINCH', 'SIGCHLD', 'SIGCONT', 'SIGURG'].includes(name);
    if (name === 'SIGKILL' || (fatal && this.events.listenerCount('signal') === 0))
      this.#finish(128 + number);
    else this.events.emit('signal', name);
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number> {
    if (this.#exitCode !== undefined) return this.#exitCode;
    return new Promise((resolve) => this.#ended.push(resolve));
  }

  #finish(code: number): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = code;
    for (const { socket } of this.#clients) {
      socket.unpipe(this.#stdin);
      socket.resume();
      socket.end();
    }
    for (const tell of this.#ended) tell(code);
  }

  async #write(stream: StreamName, data: Buffer): Promise<void> {
    if (this.#exitCode !== undefined) return;
    const entry = { stream, time: new Date(), data };
    this.log.push(entry);
    await Promise.all([...this.#clients].map((client) => this.#send(client, entry)));
  }

  async #send(client: FakeClient, { stream, data }: FakeLogEntry): Promise<void> {
    if (!(stream === 'stderr' ? client.stderr : client.stdout)) return;
    if (client.socket.write(this.tty ? data : frame(stream, data))) return;
    const settled = new AbortController();
    const { signal } = settled;
    // A client that leaves must not hold the program up.
    await Promise.race([
      once(client.socket, 'drain', { signal }),
      once(client.socket, 'close', { signal }),
    ]).catch(() => undefined);
    settled.abort();
  }
}
