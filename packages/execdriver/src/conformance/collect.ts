import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import type { Streams } from '../contract.js';
import { eventually } from './within.js';

/** All that a process writes. Nothing for a stream that it does not have. */
export async function collect(streams: Streams | undefined): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = await Promise.all([all(streams?.stdout), all(streams?.stderr)]);
  return { stdout: stdout.toString(), stderr: stderr.toString() };
}

async function all(stream: Readable | undefined): Promise<Buffer> {
  return stream === undefined ? Buffer.alloc(0) : buffer(stream);
}

/** Reads a stream as it comes. */
export class Reader {
  #text = '';
  #taken = 0;
  ended = false;

  constructor(stream: Readable | undefined) {
    if (stream === undefined) throw new Error('the process has no such stream');
    stream.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    stream.on('end', () => (this.ended = true));
  }

  /** Everything so far. */
  get text(): string {
    return this.#text;
  }

  /** Wait for a text after what was waited for before; the answer is what came up to its end. */
  async until(text: string): Promise<string> {
    await eventually(
      `output ${JSON.stringify(text)}`,
      () => this.#text,
      (got) => got.includes(text, this.#taken),
    );
    const from = this.#taken;
    this.#taken = this.#text.indexOf(text, from) + text.length;
    return stripVTControlCharacters(this.#text.slice(from, this.#taken));
  }

  /** Wait for the end of the stream. */
  async end(): Promise<string> {
    await eventually(
      'end of the output',
      () => this.ended,
      (ended) => ended,
    );
    return this.#text;
  }
}
