import type { IncomingMessage } from 'node:http';
import { type Duplex, PassThrough, type Readable } from 'node:stream';

import type { Peer } from '../stdio/attach.js';

/** How long a client may take to close its side after we have closed ours. */
const LINGER_MS = 5_000;

/**
 * The body of a request that asked for an upgrade: its Content-Length bytes.
 *
 * @remarks
 * Up to Node 24 the parser stops at the headers, and the body arrives as the beginning of the upgraded stream: in
 * `head`, and further in `socket`. From Node 26 on it is parsed and arrives in `request`. Both are read here; what of
 * `head` is not body is put back.
 */
export async function upgradeBody(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Readable> {
  const body = new PassThrough();
  let left = Number(request.headers['content-length'] ?? 0);
  const fromHead = head.subarray(0, left);
  left -= fromHead.length;
  if (head.length > fromHead.length) socket.unshift(head.subarray(fromHead.length));
  const chunks = [fromHead];
  if (left > 0) await readExactly(request, socket, left, chunks);
  for (const chunk of chunks) if (chunk.length > 0) body.write(chunk);
  body.end();
  return body;
}

/** Take `bytes` from whichever of the two has them; less when the connection ends before. */
function readExactly(request: Readable, socket: Readable, bytes: number, into: Buffer[]): Promise<void> {
  let left = bytes;
  return new Promise((resolve) => {
    const take = (source: Readable) => (chunk: Buffer) => {
      const mine = chunk.subarray(0, left);
      left -= mine.length;
      into.push(mine);
      if (left > 0) return;
      stop();
      if (chunk.length > mine.length) source.unshift(chunk.subarray(mine.length));
    };
    const [fromRequest, fromSocket] = [take(request), take(socket)];
    const stop = (): void => {
      request.off('data', fromRequest);
      socket.off('data', fromSocket).off('end', stop).off('close', stop).pause();
      resolve();
    };
    request.on('data', fromRequest);
    socket.on('data', fromSocket).on('end', stop).on('close', stop);
  });
}

/** The head of the answer after which the connection is the program's. */
export function upgradeHead(type: string): string {
  return `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
}

/** Let `talk` have the connection, and close it afterwards. */
export async function converse(socket: Duplex, talk: (peer: Peer) => Promise<void>): Promise<void> {
  try {
    await talk({ input: socket, output: socket });
  } finally {
    // Closing with unread input would reset the connection, and the client would see an error instead of the end.
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  }
}
