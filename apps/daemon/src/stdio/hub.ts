import type { Readable, Writable } from 'node:stream';

import type { Streams } from '@ns/execdriver';

import type { StreamKind } from '../logs/record.js';

/** Where the output of a process goes. */
export interface Sink {
  /** Take a chunk. @returns False when no more should come before {@link Subscription.resume}. */
  write(stream: StreamKind, chunk: Buffer): boolean;
  /** The process has ended, and everything it wrote has been given to `write`. */
  end(): void;
}

/** The place of one sink on a hub. */
export interface Subscription {
  /** The sink takes more again. */
  resume(): void;
  /** The sink is gone: it is not written to any more, and holds nothing up. */
  close(): void;
}

/**
 * Passes the output of one run of a process on to any number of sinks.
 *
 * @remarks
 * Memory is bounded by back-pressure: a process is not read from while one of its sinks is full, so the slowest client
 * sets the pace and nothing is dropped. A client that leaves holds nothing up. Sinks may subscribe before the process
 * runs, and miss nothing then.
 */
export class OutputHub {
  readonly #sinks = new Map<Sink, { full: boolean }>();
  readonly #open = new Set<Readable>();
  #connected = false;
  #over = false;
  #finish!: () => void;
  /** Resolves when every output stream has ended and its bytes were passed on. */
  readonly drained: Promise<void> = new Promise((resolve) => {
    this.#finish = resolve;
  });

  get subscribers(): number {
    return this.#sinks.size;
  }

  subscribe(sink: Sink): Subscription {
    if (this.#over) {
      sink.end();
      return { resume: () => undefined, close: () => undefined };
    }
    const place = { full: false };
    this.#sinks.set(sink, place);
    return {
      resume: () => {
        place.full = false;
        this.#flow();
      },
      close: () => {
        this.#sinks.delete(sink);
        this.#flow();
      },
    };
  }

  /** Begin to read. `streams` lacks stderr with a terminal. */
  connect(streams: Streams): void {
    this.#connected = true;
    this.#read('stdout', streams.stdout);
    this.#read('stderr', streams.stderr);
    this.#settle();
    this.#flow();
  }

  #read(kind: StreamKind, readable: Readable | undefined): void {
    // One that has ended already says so to nobody.
    if (readable === undefined || readable.readableEnded || readable.destroyed) return;
    this.#open.add(readable);
    readable.on('data', (chunk: Buffer) => this.#pass(kind, chunk));
    const over = (): void => {
      this.#open.delete(readable);
      this.#settle();
    };
    readable.once('end', over);
    readable.once('close', over);
    // Reading a terminal whose last writer is gone answers EIO: that is its end.
    readable.on('error', over);
  }

  #pass(kind: StreamKind, chunk: Buffer): void {
    for (const [sink, place] of this.#sinks) {
      if (!sink.write(kind, chunk)) place.full = true;
    }
    this.#flow();
  }

  #flow(): void {
    const blocked = [...this.#sinks.values()].some((place) => place.full);
    for (const readable of this.#open) {
      if (blocked) readable.pause();
      else if (readable.isPaused()) readable.resume();
    }
  }

  #settle(): void {
    if (this.#connected && this.#open.size === 0) this.end();
  }

  /**
   * The process has ended: what it wrote may take its time to be passed on, but a client that takes nothing at all for
   * `patienceMs` is left behind.
   */
  hurry(patienceMs = 10_000): void {
    let stuck = new Set<Sink>();
    const timer = setInterval(() => {
      const full = [...this.#sinks].filter(([, place]) => place.full).map(([sink]) => sink);
      for (const sink of full.filter((one) => stuck.has(one))) {
        this.#sinks.delete(sink);
        sink.end();
      }
      stuck = new Set(full);
      this.#flow();
    }, patienceMs / 2);
    timer.unref();
    void this.drained.then(() => clearInterval(timer));
  }

  /** End all sinks now: there will be no output (any more). Idempotent. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const sink of this.#sinks.keys()) sink.end();
    this.#sinks.clear();
    this.#finish();
  }
}

/** The standard input of one run of a process: clients may write before it runs. */
export class InputHub {
  #target: Writable | undefined;
  #over = false;
  #waiting: (() => void)[] = [];

  /** `undefined`: the process has no standard input, and what clients send is thrown away. */
  connect(target: Writable | undefined): void {
    this.#target = target;
    this.#over = target === undefined;
    // EPIPE: the program has closed its input. What is sent to it is lost, as in a pipe of the shell.
    target?.on('error', () => {
      this.#over = true;
      this.#release();
    });
    target?.once('close', () => {
      this.#over = true;
      this.#release();
    });
    this.#release();
  }

  /** Resolves when `chunk` is taken, or when nothing will ever take it. */
  async write(chunk: Buffer): Promise<void> {
    while (this.#target === undefined && !this.#over) await this.#changed();
    const target = this.#target;
    if (this.#over || target === undefined) return;
    if (target.write(chunk)) return;
    const wake = (): void => this.#release();
    target.once('drain', wake);
    await this.#changed();
    target.off('drain', wake);
  }

  /** Give the program end-of-file. */
  async close(): Promise<void> {
    while (this.#target === undefined && !this.#over) await this.#changed();
    if (!this.#over) this.#target?.end();
    this.#over = true;
  }

  /** The run is over, or will not be: whoever waits goes on. */
  end(): void {
    this.#over = true;
    this.#release();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
