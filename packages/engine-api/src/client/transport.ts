import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Duplex, type Readable } from 'node:stream';

import { NsError } from '@ns/errors';

import { apiError, connectionError } from './errors.js';
import { parseHost, type EngineAddress } from './host.js';
import { queryString } from './query.js';

/** What every call of the client takes last. */
export interface CallOptions {
  /** Ends the call, and what streams from it, with the signal's reason. */
  readonly abort?: AbortSignal | undefined;
}

/** One request. */
export interface EngineRequest extends CallOptions {
  /** For the messages of errors: `container start`. */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version prefix. */
  readonly path: string;
  readonly query?: object | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, as a tar archive. */
  readonly upload?: Readable | undefined;
}

/** A connection that has been taken over. */
export interface Takeover {
  readonly stream: Duplex;
  /** The media type of what is read, if the engine says. */
  readonly mediaType: string | undefined;
}

/** No answer that is read as a whole is longer. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const MAX_ERROR_BYTES = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const TCP_KEEPALIVE_MS = 30_000;

/** The HTTP below the client: one engine, its connections, and errors told apart. */
export class Transport {
  /** As the user wrote it. */
  readonly host: string;
  readonly #address: EngineAddress;
  readonly #agent: Agent = new Agent({ keepAlive: true });

  constructor(host: string) {
    this.host = host;
    this.#address = parseHost(host);
  }

  /** Close idle connections. Streams that are in use stay. */
  close(): void {
    this.#agent.destroy();
  }

  /** Send, and hand back the answer once its headers are there. The body must be read or destroyed. */
  async send(request: EngineRequest, prefix: string): Promise<IncomingMessage> {
    const response = await this.#exchange(request, prefix);
    if ((response.statusCode ?? 500) < 400) return response;
    throw apiError(
      request.operation,
      response.statusCode ?? 500,
      await this.#text(request, response, MAX_ERROR_BYTES),
    );
  }

  /** Send, and read the answer's JSON. An empty answer is undefined. */
  async json<T>(request: EngineRequest, prefix: string): Promise<T> {
    return this.readJson(request, await this.send(request, prefix));
  }

  /** Read the JSON of an answer that {@link send} has brought. */
  async readJson<T>(request: EngineRequest, response: IncomingMessage): Promise<T> {
    const text = await this.#text(request, response, MAX_BODY_BYTES);
    try {
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch (cause) {
      throw new NsError('ERR_NS_CORRUPT', {
        operation: request.operation,
        message: `the engine's answer is not JSON: ${JSON.stringify(text.slice(0, 80))}`,
        hint: `check that ${this.host} is a Docker Engine API`,
        cause,
      });
    }
  }

  /** Send, and take the connection over when the engine agrees (101). */
  async hijack(request: EngineRequest, prefix: string): Promise<Takeover> {
    const outgoing = this.#open(request, prefix, { Connection: 'Upgrade', Upgrade: 'tcp' });
    const answer = new Promise<Takeover | IncomingMessage>((resolve, reject) => {
      outgoing.once('upgrade', (response, socket, head) => {
        // What the engine wrote right behind its headers belongs to the stream.
        if (head.length > 0) socket.unshift(head);
        this.#own(socket, request.abort);
        resolve({ stream: socket, mediaType: response.headers['content-type'] });
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      finish(outgoing, request, reject);
    });
    const result = await answer.catch((error: unknown) => this.#fail(request, error));
    if ('stream' in result) return result;
    const status = result.statusCode ?? 500;
    const text = await this.#text(request, result, MAX_ERROR_BYTES);
    if (status >= 400) throw apiError(request.operation, status, text);
    throw new NsError('ERR_NS_CONNECTION', {
      operation: request.operation,
      message: `the engine answered ${status} instead of handing the connection over (101)`,
      hint: 'a proxy between here and the engine may not let "Upgrade: tcp" through',
    });
  }

  async #exchange(request: EngineRequest, prefix: string): Promise<IncomingMessage> {
    const outgoing = this.#open(request, prefix, {});
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        outgoing.once('response', resolve);
        // Stays for errors after the answer: those reach the reader through the response's own stream.
        outgoing.on('error', reject);
        finish(outgoing, request, reject);
      });
    } catch (error) {
      // The engine closed an idle connection at the moment it was taken up again.
      if (
        outgoing.reusedSocket &&
        request.method === 'GET' &&
        (error as { code?: string }).code === 'ECONNRESET'
      ) {
        return await this.#exchange(request, prefix);
      }
      return this.#fail(request, error);
    }
  }

  #open(request: EngineRequest, prefix: string, headers: Record<string, string>): ClientRequest {
    const options: RequestOptions & { servername: string } = {
      ...this.#address,
      // A name for TLS, which is not spoken here: without one the agent works it out, and that costs 4 ms at the start.
      servername: '',
      agent: this.#agent,
      method: request.method,
      path: `${prefix}${request.path}${queryString(request.query ?? {})}`,
      // The engine reads a Host header; for a socket it has no meaning.
      headers: { Host: 'host' in this.#address ? this.#address.host : 'ns', ...headers },
    };
    if (request.abort !== undefined) options.signal = request.abort;
    const outgoing = httpRequest(options);
    outgoing.once('socket', (socket) => limitConnect(socket, outgoing));
    return outgoing;
  }

  /** The connection is the caller's now. */
  #own(socket: Socket, abort: AbortSignal | undefined): void {
    if ('host' in this.#address) socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    socket.setNoDelay(true);
    if (abort === undefined) return;
    const stop = (): void => void socket.destroy(abort.reason as Error);
    abort.addEventListener('abort', stop, { once: true });
    socket.once('close', () => abort.removeEventListener('abort', stop));
    if (abort.aborted) stop();
  }

  async #text(request: EngineRequest, response: IncomingMessage, limit: number): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > limit) throw new Error(`its answer is longer than ${limit} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      this.#fail(request, error);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #fail(request: EngineRequest, error: unknown): never {
    if (request.abort?.aborted === true) throw request.abort.reason;
    // An archive that cannot be read is not the engine's fault.
    const unread = request.upload?.errored ?? undefined;
    if (unread !== undefined && unread === error) throw unread;
    throw NsError.is(error) ? error : connectionError(request.operation, this.host, error);
  }
}

/** Send the body and be done with the request's side. */
function finish(outgoing: ClientRequest, request: EngineRequest, fail: (error: unknown) => void): void {
  if (request.upload !== undefined) {
    outgoing.setHeader('Content-Type', 'application/x-tar');
    pipeline(request.upload, outgoing, (error) => {
      if (error) fail(request.upload?.errored ?? error);
    });
    return;
  }
  if (request.body === undefined) {
    if (request.method === 'POST') outgoing.setHeader('Content-Length', 0);
    outgoing.end();
    return;
  }
  const body = Buffer.from(JSON.stringify(request.body));
  outgoing.setHeader('Content-Type', 'application/json');
  outgoing.setHeader('Content-Length', body.length);
  outgoing.end(body);
}

function limitConnect(socket: Socket, outgoing: ClientRequest): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => {
    outgoing.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`));
  }, CONNECT_TIMEOUT_MS);
  socket.once('connect', () => clearTimeout(timer));
  socket.once('close', () => clearTimeout(timer));
}
