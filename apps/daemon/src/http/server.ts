import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex, Readable } from 'node:stream';

import { API_VERSION } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import { DOCKER } from '../engine/errors.js';
import type { Logger } from '../host/logger.js';
import { room } from '../stdio/room.js';
import { errorBody, statusOf } from './errors.js';
import { converse, upgradeBody, upgradeHead } from './hijack.js';
import { type ApiRequest, Query, type Reply } from './message.js';
import type { Router } from './router.js';
import { checkVersion, splitVersion } from './version.js';

/** What a server needs. */
export interface ServerOptions {
  readonly router: Router;
  readonly logger: Logger;
  /** The `Server` header: `ns/0.1.0 (linux)`. */
  readonly name: string;
}

/** Clients keep connections for reuse; one that is idle this long is closed. */
const KEEP_ALIVE_MS = 600_000;
/** Docker's command line shows the message alone; our own client shows the hint beside it. */
const SHOWS_MESSAGE_ONLY = /^Docker-Client\//;

/** The HTTP server of the API; whoever calls it makes it listen. */
export function createApiServer(options: ServerOptions): Server {
  const exchange = new Exchange(options);
  const server = createServer((request, response) => void exchange.answer(request, response));
  server.on('upgrade', (request, socket, head) => void exchange.upgrade(request, socket, head));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // An image may take longer to load than Node's five minutes.
  server.requestTimeout = 0;
  server.timeout = 0;
  return server;
}

class Exchange {
  readonly #options: ServerOptions;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#headers = {
      'Api-Version': API_VERSION,
      'Docker-Experimental': 'false',
      Ostype: 'linux',
      Server: options.name,
    };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    try {
      await this.#send(await this.#handle(request, request, gone.signal), request, response);
    } catch (error) {
      this.#report(request, error);
      if (response.headersSent) response.destroy();
      else sendJson(response, statusOf(error), errorBody(error, showsMessageOnly(request)));
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    // Written to after the client has gone: the `close` that follows is what counts.
    socket.on('error', () => undefined);
    try {
      const body = await upgradeBody(request, socket, head);
      const reply = await this.#handle(request, body, gone.signal);
      if (reply.kind === 'hijack') {
        socket.write(upgradeHead(reply.type));
        await converse(socket, reply.talk);
      } else {
        this.#refuseUpgrade(socket, reply);
      }
    } catch (error) {
      this.#report(request, error);
      const body = errorBody(error, showsMessageOnly(request));
      this.#refuseUpgrade(socket, { kind: 'json', status: statusOf(error), value: body });
    }
  }

  async #handle(request: IncomingMessage, body: Readable, signal: AbortSignal): Promise<Reply> {
    const url = new URL(request.url ?? '/', 'http://ns');
    const { version, path } = splitVersion(url.pathname);
    const method = request.method ?? 'GET';
    this.#options.logger.debug(`${method} ${request.url ?? ''}`);
    checkVersion(version);
    const match = this.#options.router.find(method, path);
    if (match === undefined) {
      throw new NsError('ERR_NS_NOT_FOUND', { operation: DOCKER, message: 'page not found' });
    }
    const { headers } = request;
    const query = new Query(url.searchParams);
    const call: ApiRequest = { method, path, params: match.params, query, version, headers, body, signal };
    return await match.handler(call);
  }

  async #send(reply: Reply, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (reply.kind) {
      case 'json':
      case 'text':
        for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
        if (reply.kind === 'json') sendJson(response, reply.status, reply.value);
        else sendText(response, reply.status, reply.text);
        return;
      case 'stream':
        response.writeHead(200, { 'Content-Type': reply.type });
        response.flushHeaders();
        await pump(reply.parts, response);
        return;
      case 'hijack':
        // A client that did not ask for an upgrade: the input is the request's body, the output the answer's.
        response.writeHead(200, { 'Content-Type': reply.type });
        response.flushHeaders();
        await reply.talk({ input: request, output: response });
        response.end();
    }
  }

  #refuseUpgrade(socket: Duplex, reply: Reply): void {
    const text =
      reply.kind === 'json' ? JSON.stringify(reply.value) : reply.kind === 'text' ? reply.text : '';
    const status = reply.kind === 'json' || reply.kind === 'text' ? reply.status : 400;
    const headers = {
      ...this.#headers,
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(text)),
      Connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`);
    socket.resume();
  }

  #report(request: IncomingMessage, error: unknown): void {
    const status = statusOf(error);
    const text = `${request.method ?? ''} ${request.url ?? ''}: ${error instanceof Error ? error.message : String(error)}`;
    if (status >= 500) this.#options.logger.error(text, error);
    else this.#options.logger.debug(text);
  }
}

const showsMessageOnly = (request: IncomingMessage): boolean =>
  SHOWS_MESSAGE_ONLY.test(request.headers['user-agent'] ?? '');

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  if (text === '') response.writeHead(status);
  else {
    const type = response.hasHeader('content-type') ? {} : { 'Content-Type': 'text/plain; charset=utf-8' };
    response.writeHead(status, { ...type, 'Content-Length': Buffer.byteLength(text) });
  }
  response.end(text);
}

async function pump(parts: AsyncIterable<Uint8Array | string>, response: ServerResponse): Promise<void> {
  for await (const part of parts) {
    if (response.destroyed) break;
    if (!response.write(part)) await room(response);
  }
  response.end();
}
