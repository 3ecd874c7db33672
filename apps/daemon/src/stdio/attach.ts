import type { Readable, Writable } from 'node:stream';

import { frameHeader } from '@ns/engine-api';

import { nowNs } from '../engine/clock.js';
import type { LogFile } from '../logs/log-file.js';
import { readLog } from '../logs/reader.js';
import type { StreamKind } from '../logs/record.js';
import { DetachScanner } from './detach-keys.js';
import type { InputHub, OutputHub, Sink } from './hub.js';
import { room } from './room.js';

/** The two directions of a client's connection. */
export interface Peer {
  /** What the client types. It ends when the client has no more, though it may still listen. */
  readonly input: Readable;
  /** What the client hears. */
  readonly output: Writable;
}

/** What a client wants to be connected to. */
export interface AttachOptions {
  readonly stdin: boolean;
  readonly streams: readonly StreamKind[];
  /** Go on with what comes. Without it only the log is replayed. */
  readonly stream: boolean;
  /** Say which stream each chunk belongs to, with Docker's frames. False with a terminal. */
  readonly framed: boolean;
  /** The keys that end the connection; a terminal's only. */
  readonly detachKeys?: Buffer | undefined;
  /** Give the program end-of-file when the client's input ends. */
  readonly closeStdin: boolean;
  /** What was written before, to be replayed first. */
  readonly log?: LogFile | undefined;
  /** When the process has ended, the connection is closed after this only: a client then asks for the exit code. */
  readonly settled?: Promise<unknown> | undefined;
}

/** How a connection ended: with the process, by the detach keys, or because the client went away. */
export type AttachEnd = 'ended' | 'detached' | 'left';

/** Connect a client to a process until one of them has had enough. The client's connection is closed then. */
export async function attach(
  peer: Peer,
  run: { readonly output: OutputHub; readonly input: InputHub },
  options: AttachOptions,
): Promise<AttachEnd> {
  const over = new AbortController();
  const gone = new Promise<'left'>((resolve) => {
    const leave = (): void => resolve('left');
    peer.output.once('close', leave);
    peer.output.on('error', leave);
    peer.input.on('error', leave);
  });
  const writer = new FrameWriter(peer.output, options);
  const live = options.stream ? new LiveSink(writer, run.output) : undefined;
  const parts: Promise<AttachEnd>[] = [gone, listen(writer, live, over.signal, options)];
  if (options.stdin && options.stream) parts.push(type(peer.input, run.input, options, over.signal));
  else peer.input.resume();
  const end = await Promise.race(parts);
  if (end === 'ended') await options.settled;
  over.abort();
  live?.close();
  peer.output.end();
  peer.input.resume();
  return end;
}

async function listen(
  writer: FrameWriter,
  live: LiveSink | undefined,
  signal: AbortSignal,
  options: AttachOptions,
): Promise<AttachEnd> {
  if (options.log) {
    // What comes from now on is held back by the sink, so that nothing is heard twice.
    const replay = { streams: options.streams, untilNs: nowNs(), signal };
    for await (const record of readLog(options.log, replay)) {
      if (!writer.write(record.stream, record.data)) await writer.drained();
    }
  }
  if (live) await live.start();
  return 'ended';
}

/** Passes on what the client types, until `signal`; settles only when the client asks to be detached. */
function type(
  from: Readable,
  input: InputHub,
  options: AttachOptions,
  signal: AbortSignal,
): Promise<AttachEnd> {
  const scanner = options.detachKeys ? new DetachScanner(options.detachKeys) : undefined;
  return new Promise((resolve) => {
    const pass = (chunk: Buffer): void => {
      const scanned = scanner?.scan(chunk) ?? { pass: chunk, detached: false };
      // The client's own buffer holds what comes while the program does not read.
      from.pause();
      const written = scanned.pass.length > 0 ? input.write(scanned.pass) : Promise.resolve();
      void written.then(() => (scanned.detached ? resolve('detached') : from.resume()));
    };
    // A broken connection ends the input as an orderly end does.
    const end = (): void => {
      from.off('data', pass);
      if (options.closeStdin) void input.close();
    };
    from.on('data', pass);
    // Whoever read the request's body has paused it, and a listener alone does not undo that.
    from.resume();
    from.once('end', end);
    from.once('close', end);
    signal.addEventListener('abort', () => from.off('data', pass), { once: true });
  });
}

class FrameWriter {
  readonly #output: Writable;
  readonly #options: AttachOptions;

  constructor(output: Writable, options: AttachOptions) {
    this.#output = output;
    this.#options = options;
  }

  get full(): boolean {
    return this.#output.writableNeedDrain;
  }

  write(stream: StreamKind, chunk: Buffer): boolean {
    if (!this.#options.streams.includes(stream) || this.#output.destroyed || this.#output.writableEnded)
      return true;
    if (!this.#options.framed) return this.#output.write(chunk);
    this.#output.cork();
    this.#output.write(frameHeader(stream, chunk.length));
    const more = this.#output.write(chunk);
    // One writev for both.
    this.#output.uncork();
    return more;
  }

  drained(): Promise<void> {
    return this.full ? room(this.#output) : Promise.resolve();
  }
}

/** The client's ear: holds back until it is started, and then keeps the pace of the client. */
class LiveSink implements Sink {
  readonly #writer: FrameWriter;
  readonly #held: [StreamKind, Buffer][] = [];
  readonly #subscription: ReturnType<OutputHub['subscribe']>;
  #started = false;
  #over = false;
  #finish: (() => void) | undefined;

  constructor(writer: FrameWriter, hub: OutputHub) {
    this.#writer = writer;
    this.#subscription = hub.subscribe(this);
  }

  write(stream: StreamKind, chunk: Buffer): boolean {
    if (!this.#started) {
      this.#held.push([stream, chunk]);
      return false;
    }
    if (this.#writer.write(stream, chunk)) return true;
    void this.#writer.drained().then(() => this.#subscription.resume());
    return false;
  }

  end(): void {
    this.#over = true;
    if (this.#started) this.#finish?.();
  }

  /** Let go of what was held back. Resolves when the process has ended. */
  async start(): Promise<void> {
    for (const [stream, chunk] of this.#held) {
      if (!this.#writer.write(stream, chunk)) await this.#writer.drained();
    }
    this.#held.length = 0;
    this.#started = true;
    this.#subscription.resume();
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
  }

  close(): void {
    this.#subscription.close();
  }
}
