import { once } from 'node:events';
import type { Duplex } from 'node:stream';

import { demux } from '@ns/engine-api';

import type { Cli } from '../cli.js';
import { DetachFilter } from './detach-keys.js';
import { RawMode } from './raw-mode.js';

/** A connection to a process, and which of our streams belong to it. */
export interface Conversation {
  readonly stream: Duplex;
  /** The process has a terminal: one unframed stream, and ours in raw mode. */
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Empty: nothing detaches. */
  readonly detachKeys: Buffer;
}

/** How a conversation ended. */
export type Ending = 'ended' | 'detached';

/** A conversation that has begun. */
export interface Conversing {
  readonly ending: Promise<Ending>;
  /** Break it off, as after a start that failed. */
  readonly leave: () => void;
}

/**
 * Connect our streams with a process's. Resolves when keys are ready to be handed on; the end of our input closes its
 * stdin and nothing else.
 */
export async function converse(cli: Cli, conversation: Conversation): Promise<Conversing> {
  const { stream, tty, stdin } = conversation;
  // Its output tells of a connection that breaks; a write that fails then is no further news.
  stream.on('error', () => undefined);
  const raw = tty && stdin && cli.stdin.isTTY ? await RawMode.enter(cli.stdin) : undefined;
  const input = new Input(cli, conversation);
  const output = outputOf(cli, conversation);
  // Told to the caller by `ending`; an output that fails before anybody waits is not unhandled.
  output?.catch(() => undefined);
  const ending = settle(input, output, () => {
    input.stop();
    raw?.restore();
  });
  ending.catch(() => undefined);
  return {
    ending,
    leave() {
      input.stop();
      raw?.restore();
      stream.destroy();
    },
  };
}

async function settle(input: Input, output: Promise<void> | undefined, tidy: () => void): Promise<Ending> {
  const detached = input.detached.then((): Ending => 'detached');
  const ended = (output ?? input.ended).then((): Ending => 'ended');
  try {
    return await Promise.race([ended, detached]);
  } finally {
    tidy();
  }
}

/** Undefined when no output is wanted. */
function outputOf(cli: Cli, { stream, tty, stdout, stderr }: Conversation): Promise<void> | undefined {
  if (!stdout && !stderr) {
    stream.resume();
    return undefined;
  }
  if (tty) return copy(cli, stream, stdout);
  return demux(stream, { stdout: stdout ? cli.stdout : undefined, stderr: stderr ? cli.stderr : undefined });
}

async function copy(cli: Cli, stream: Duplex, wanted: boolean): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) if (wanted) await cli.write(chunk);
}

/** Our stdin, on its way to the process. */
class Input {
  readonly ended: Promise<void>;
  readonly detached: Promise<void>;
  readonly #source: NodeJS.ReadStream;
  readonly #target: Duplex;
  readonly #filter: DetachFilter;
  #active: boolean;
  readonly #take = (chunk: Buffer): void => this.#send(chunk);
  readonly #end = (): void => this.#finish();
  #tellEnded = (): void => undefined;
  #tellDetached = (): void => undefined;

  constructor(cli: Cli, { stream, tty, stdin, detachKeys }: Conversation) {
    this.ended = new Promise((resolve) => (this.#tellEnded = resolve));
    this.detached = new Promise((resolve) => (this.#tellDetached = resolve));
    this.#source = cli.stdin;
    this.#target = stream;
    // As Docker: without a terminal every byte is the program's.
    this.#filter = new DetachFilter(tty ? detachKeys : Buffer.alloc(0));
    this.#active = stdin;
    if (stdin) this.#source.on('data', this.#take).once('end', this.#end).once('error', this.#end);
    else this.#finish();
  }

  /** Read no more. */
  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#source.off('data', this.#take).off('end', this.#end).off('error', this.#end).pause();
  }

  #send(chunk: Buffer): void {
    const { data, detached } = this.#filter.push(chunk);
    if (data.length > 0 && this.#target.writable && !this.#target.write(data)) void this.#wait();
    if (!detached) return;
    this.stop();
    this.#tellDetached();
    this.#target.destroy();
  }

  async #wait(): Promise<void> {
    this.#source.pause();
    const settled = new AbortController();
    const { signal } = settled;
    const either = [once(this.#target, 'drain', { signal }), once(this.#target, 'close', { signal })];
    await Promise.race(either).catch(() => undefined);
    settled.abort();
    if (this.#active) this.#source.resume();
  }

  #finish(): void {
    // Half of the connection: output goes on.
    if (this.#target.writable) this.#target.end(this.#filter.flush());
    this.#tellEnded();
  }
}
