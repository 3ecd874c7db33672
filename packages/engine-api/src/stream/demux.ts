import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import { NsError } from '@ns/errors';

import type { StreamName } from './frame.js';
import { FrameParser, type FramePiece } from './parser.js';

/** Where the pieces go; what has no destination is dropped. */
export interface DemuxTargets {
  readonly stdout?: Writable | undefined;
  readonly stderr?: Writable | undefined;
}

/**
 * The pieces of a multiplexed stream, one after the other, as they arrive.
 *
 * @throws {@link NsError} `ERR_NS_CORRUPT`, `ERR_NS_CONNECTION`: see {@link FrameParser}.
 */
export async function* framePieces(source: AsyncIterable<Buffer>): AsyncGenerator<FramePiece> {
  const parser = new FrameParser();
  for await (const chunk of source) yield* parser.push(chunk);
  parser.end();
}

/**
 * Take the multiplexed stream of attach, logs or exec apart into its streams.
 *
 * @remarks
 * Back-pressure is kept: while a target's buffer is full nothing is read from the source. The targets are not ended.
 *
 * @returns When the source has ended and everything was handed to the targets.
 * @throws {@link NsError} `ERR_NS_CORRUPT` when the stream is not multiplexed, `ERR_NS_CONNECTION` when it ended within a
 * frame, `ERR_NS_API` when the engine reported an error of its own in the stream; or the error of the source or of a
 * target. The source is then destroyed.
 *
 * @example
 * ```ts
 * const logs = await client.containerLogs('web', { stdout: true, stderr: true });
 * await demux(logs.stream, { stdout: process.stdout, stderr: process.stderr });
 * ```
 */
export async function demux(source: Readable, targets: DemuxTargets): Promise<void> {
  for await (const { stream, data } of framePieces(source)) {
    if (stream === 'systemerr') {
      throw new NsError('ERR_NS_API', { operation: 'stream', message: data.toString('utf8').trim() });
    }
    const target = targetOf(stream, targets);
    if (target !== undefined && !target.write(data)) await drained(target);
  }
}

// The stdin stream of the wire is what old engines echoed; they meant stdout.
function targetOf(stream: StreamName, targets: DemuxTargets): Writable | undefined {
  return stream === 'stderr' ? targets.stderr : targets.stdout;
}

/** Wait for `drain`; a target that is closed instead never drains. */
async function drained(target: Writable): Promise<void> {
  if (target.destroyed) {
    throw (
      target.errored ??
      new NsError('ERR_NS_CONNECTION', { operation: 'stream', message: 'the target was closed' })
    );
  }
  const settled = new AbortController();
  try {
    await Promise.race([
      once(target, 'drain', { signal: settled.signal }),
      once(target, 'close', { signal: settled.signal }),
    ]);
  } finally {
    settled.abort();
  }
  if (target.destroyed) await drained(target);
}
