import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';

import { corrupt, unsupported } from './failure.js';

/** How a stream is packed. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** Bytes that are handed on at once. Node's 16 KiB would cost a turn of the event loop each. */
const CHUNK_BYTES = 256 * 1024;
/** More than the longest signature below. */
const PEEK_BYTES = 10;

type CreateTransform = (options: { readonly chunkSize: number }) => Transform;

const SIGNATURES: readonly { readonly name: string; readonly bytes: readonly number[] }[] = [
  { name: 'gzip', bytes: [0x1f, 0x8b] },
  { name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
  { name: 'lz4', bytes: [0x04, 0x22, 0x4d, 0x18] },
  { name: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
];

/** What turns an archive that is not read here into one that is. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  zstd: 'unpack it first: zstd -dc FILE, or use Node 22.15 or newer',
  xz: 'unpack it first: xz -dc FILE',
  bzip2: 'unpack it first: bzip2 -dc FILE',
  lz4: 'unpack it first: lz4 -dc FILE',
  zip: 'unpack it and create a tar archive of what was in it',
};

/** A stream's content, and how it was packed. */
export interface Decoded {
  readonly compression: Compression;
  readonly content: AsyncIterable<Buffer>;
}

/**
 * Unpack a stream in this process, by its first bytes and not by its name.
 *
 * @param createZstd - How zstd is unpacked; by default as this Node can, which is from 22.15 on; null when it cannot.
 * @throws NsError `ERR_NS_UNSUPPORTED` for a form that is not unpacked here. The content throws `ERR_NS_CORRUPT` for
 * packed data that is damaged or cut off.
 */
export async function decode(
  operation: string,
  source: AsyncIterable<Uint8Array>,
  createZstd: CreateTransform | null = zstdOfNode(),
): Promise<Decoded> {
  const { head, rest, close } = await peek(source);
  const found = formOf(head);
  if (found === undefined) return { compression: 'none', content: rest };
  if (found === 'gzip') {
    const gunzip = zlib.createGunzip({ chunkSize: CHUNK_BYTES });
    return { compression: 'gzip', content: through(operation, found, rest, gunzip) };
  }
  if (found === 'zstd' && createZstd !== null) {
    const unzstd = createZstd({ chunkSize: CHUNK_BYTES });
    return { compression: 'zstd', content: through(operation, found, rest, unzstd) };
  }
  await close();
  const reason =
    found === 'zstd' ? `Node ${process.versions.node} cannot unpack zstd` : `it is packed with ${found}`;
  throw unsupported(operation, `the archive is not read: ${reason}`, { hint: CONVERSIONS[found] });
}

/** How something is packed, by its first bytes; undefined when it is not. */
export const formOf = (head: Uint8Array): string | undefined =>
  SIGNATURES.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte))?.name;

function zstdOfNode(): CreateTransform | null {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: CreateTransform };
  return createZstdDecompress ?? null;
}

async function* through(
  operation: string,
  name: string,
  source: AsyncIterable<Buffer>,
  transform: Transform,
): AsyncGenerator<Buffer> {
  let sourceError: Error | undefined;
  const watched = watch(source, (error) => {
    sourceError = error as Error;
  });
  const input = Readable.from(watched, { objectMode: false, highWaterMark: CHUNK_BYTES });
  // Errors reach whoever reads the transform.
  pipeline(input, transform, () => {});
  try {
    for await (const chunk of transform) yield chunk as Buffer;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    const { message, code } = error as { readonly message: string; readonly code?: string };
    const fact = code === 'Z_BUF_ERROR' ? 'it ends too early' : message;
    throw corrupt(operation, `the ${name} data is damaged: ${fact}`, {
      hint: 'the archive was cut off or changed: create or copy it again',
      cause: error,
    });
  }
}

/** Tells the source's own errors from those of unpacking. */
async function* watch(
  source: AsyncIterable<Buffer>,
  failed: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    failed(error);
    throw error;
  }
}

interface Peeked {
  readonly head: Buffer;
  readonly rest: AsyncGenerator<Buffer>;
  /** Give up the stream instead of reading it. */
  readonly close: () => Promise<void>;
}

/** The first bytes of a stream, and the stream with them. */
async function peek(source: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let isOver = false;
  while (!isOver && head.length < PEEK_BYTES) {
    const next = await iterator.next();
    if (next.done === true) isOver = true;
    else head = head.length === 0 ? asBuffer(next.value) : Buffer.concat([head, next.value]);
  }
  async function* rest(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      while (!isOver) {
        const next = await iterator.next();
        if (next.done === true) isOver = true;
        else yield asBuffer(next.value);
      }
    } finally {
      if (!isOver) await iterator.return?.();
    }
  }
  return { head, rest: rest(), close: async () => void (await iterator.return?.()) };
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
