import { NsError } from '@ns/errors';

/** No message of an engine is longer; a stream that is no JSON must not fill the memory. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * The objects of a stream of JSON lines: progress messages, events.
 *
 * Lines end with `\n` or `\r\n`; empty lines are passed over.
 *
 * @throws {@link NsError} `ERR_NS_CORRUPT` for a line that is no JSON, or is longer than 16 MiB.
 */
export async function* jsonLines<T>(source: AsyncIterable<Buffer>): AsyncGenerator<T> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]);
      pending = [];
      pendingBytes = 0;
      from = end + 1;
      yield* parse<T>(line);
    }
    pending.push(chunk.subarray(from));
    pendingBytes += chunk.length - from;
    if (pendingBytes > MAX_LINE_BYTES) {
      throw new NsError('ERR_NS_CORRUPT', {
        operation: 'stream',
        message: `a message is longer than ${MAX_LINE_BYTES} bytes`,
      });
    }
  }
  yield* parse<T>(Buffer.concat(pending));
}

function* parse<T>(line: Buffer): Generator<T> {
  const text = line.toString('utf8').trim();
  if (text === '') return;
  try {
    yield JSON.parse(text) as T;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new NsError('ERR_NS_CORRUPT', {
      operation: 'stream',
      message: `not a JSON message: ${JSON.stringify(text.slice(0, 80))}`,
      cause,
    });
  }
}
