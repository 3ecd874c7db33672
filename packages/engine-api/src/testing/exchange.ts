import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { ErrorResponse } from '../types/error.js';

/** An error that is answered as the Engine API answers errors. */
export class FakeError extends Error {
  readonly status: number;
  readonly body: ErrorResponse;

  constructor(status: number, message: string, extra: Omit<ErrorResponse, 'message'> = {}) {
    super(message);
    this.status = status;
    this.body = { message, ...extra };
  }
}

/** One request to the fake engine, and the ways to answer it. */
export interface FakeExchange {
  readonly method: string;
  /** Without the version prefix. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the route's groups matched, decoded. */
  readonly params: readonly string[];
  readonly body: () => Promise<Buffer>;
  readonly json: <T>() => Promise<T>;
  readonly reply: (status: number, value?: unknown) => void;
  /** Begin an answer that goes on. */
  readonly stream: (mediaType: string) => ServerResponse;
  /** Take the connection over. */
  readonly upgrade: (mediaType: string) => Duplex;
}

/** An ordinary exchange. */
export function ordinary(request: IncomingMessage, response: ServerResponse): Omit<FakeExchange, 'params'> {
  return {
    ...parts(request),
    ...bodyOf(() => collect(request)),
    reply(status, value) {
      if (value === undefined) response.writeHead(status).end();
      else if (typeof value === 'string')
        response.writeHead(status, { 'Content-Type': 'text/plain' }).end(value);
      else
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
    },
    stream(mediaType) {
      response.writeHead(200, { 'Content-Type': mediaType });
      response.flushHeaders();
      return response;
    },
    upgrade() {
      throw new FakeError(400, 'the client did not ask for an upgrade');
    },
  };
}

/** An exchange whose client wants the connection. */
export function upgrading(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Omit<FakeExchange, 'params'> {
  const say = (status: number, headers: string): void =>
    void socket.write(`HTTP/1.1 ${status} ${status === 101 ? 'UPGRADED' : 'Error'}\r\n${headers}\r\n`);
  return {
    ...parts(request),
    ...bodyOf(() => upgradeBody(request, socket, head)),
    reply(status, value) {
      const text = JSON.stringify(value ?? {});
      say(
        status,
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n`,
      );
      socket.end(text);
    },
    stream() {
      throw new FakeError(400, 'the client asked for an upgrade');
    },
    upgrade(mediaType) {
      say(101, `Content-Type: ${mediaType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n`);
      return socket;
    },
  };
}

function parts(request: IncomingMessage): Pick<FakeExchange, 'method' | 'path' | 'query'> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  return {
    method: request.method ?? '',
    path: path.replace(/^\/v\d+\.\d+(?=\/)/, ''),
    query: new URLSearchParams(query),
  };
}

function bodyOf(body: () => Promise<Buffer>): Pick<FakeExchange, 'body' | 'json'> {
  return { body, json: async <T>() => JSON.parse((await body()).toString('utf8') || '{}') as T };
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Node 20 to 24 leave the body of such a request in the connection, Node 26 parses it. */
async function upgradeBody(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Buffer> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (request.complete && head.length === 0 && length > 0) return collect(request);
  let have = head;
  while (have.length < length) have = Buffer.concat([have, await nextChunk(socket)]);
  if (have.length > length) socket.unshift(have.subarray(length));
  return have.subarray(0, length);
}

async function nextChunk(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('close', reject);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.off('close', reject);
      resolve(chunk);
    });
  });
}

/** Filters of a query in either of their forms. */
export function filtersOf(query: URLSearchParams): Readonly<Record<string, readonly string[]>> {
  const filters = JSON.parse(query.get('filters') ?? '{}') as Record<
    string,
    string[] | Record<string, boolean>
  >;
  return Object.fromEntries(
    Object.entries(filters).map(([key, values]) => [
      key,
      Array.isArray(values) ? values : Object.keys(values),
    ]),
  );
}
