import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

import { isErrno, NsError } from '@ns/errors';

import { jsonLines } from '../stream/json-lines.js';
import type { PingInfo } from '../types/system.js';
import { API_VERSION, compareVersions, negotiate } from '../versions.js';
import { EngineApiError } from './errors.js';
import { DEFAULT_HOST } from './host.js';
import { Transport, type CallOptions, type EngineRequest } from './transport.js';

/** How to make an `EngineClient`. */
export interface EngineClientOptions {
  /** `unix:///path`, `tcp://name:port`, `http://name:port`. Default {@link DEFAULT_HOST}. */
  readonly host?: string | undefined;
  /** Speak this API version, `1.43`, instead of asking the engine which it speaks. */
  readonly apiVersion?: string | undefined;
  /**
   * Do not ask which version the engine speaks: take it to be as new as this client, and ask only if it says that it is
   * not. Saves a question for who has but one to ask. Default false.
   */
  readonly optimistic?: boolean | undefined;
  /**
   * Called when the first request finds nobody at the address (ENOENT, ECONNREFUSED); the request is sent again when it
   * resolves. What it throws is the request's error.
   */
  readonly onAbsent?: ((error: unknown) => Promise<void>) | undefined;
}

/** Output of a container or of a process in it. */
export interface OutputStream {
  readonly stream: Readable;
  /** True: framed, for `demux`. False: a terminal's one stream. Undefined: the engine (before 1.42) does not say. */
  readonly multiplexed: boolean | undefined;
}

/** A connection to a process: what is written is its stdin, what is read its output. */
export interface HijackedStream extends OutputStream {
  /** `end()` closes stdin only; output goes on. */
  readonly stream: Duplex;
}

/** The first API version whose media types say whether output is framed. */
const TELLS_FRAMING = '1.42';

/** What all endpoints share: the version that is spoken, and the ways to ask. */
export abstract class ClientBase {
  /** The engine's address. */
  readonly host: string;
  readonly #transport: Transport;
  #version: Promise<string> | undefined;
  #isOptimistic: boolean;
  readonly #onAbsent: EngineClientOptions['onAbsent'];
  /** What {@link EngineClientOptions.onAbsent} does. */
  #appearing: Promise<void> | undefined;

  constructor(options: EngineClientOptions = {}) {
    this.host = options.host ?? DEFAULT_HOST;
    this.#transport = new Transport(this.host);
    this.#onAbsent = options.onAbsent;
    this.#isOptimistic = options.optimistic ?? false;
    if (options.apiVersion !== undefined) this.#version = Promise.resolve(options.apiVersion);
  }

  /**
   * Ask whether the engine is there, and what it speaks.
   *
   * @throws {@link NsError} `ERR_NS_CONNECTION`
   */
  async ping(call: CallOptions = {}): Promise<PingInfo> {
    const response = await this.#transport.send(
      { operation: 'ping', method: 'GET', path: '/_ping', ...call },
      '',
    );
    response.resume();
    const header = (name: string): string => String(response.headers[name] ?? '');
    this.#version ??= Promise.resolve(negotiate(header('api-version')));
    return {
      apiVersion: header('api-version'),
      osType: header('ostype'),
      builderVersion: header('builder-version'),
      experimental: header('docker-experimental') === 'true',
      swarm: header('swarm'),
      server: header('server'),
    };
  }

  /** The API version that is spoken with this engine: the highest that both know. Asks the engine once. */
  async apiVersion(): Promise<string> {
    if (this.#isOptimistic) this.#version ??= Promise.resolve(API_VERSION);
    this.#version ??= this.ping().then(({ apiVersion }) => negotiate(apiVersion));
    try {
      return await this.#version;
    } catch (error) {
      // The next call asks again: the engine may have been started meanwhile.
      this.#version = undefined;
      throw error;
    }
  }

  /** Close idle connections. The client can still be used. */
  close(): void {
    this.#transport.close();
  }

  /** For use with `using`: as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Ask, and read the JSON of the answer. */
  protected async json<T>(request: EngineRequest): Promise<T> {
    return this.readJson(request, await this.open(request));
  }

  /** Read the JSON of an answer whose headers have come. */
  protected readJson<T>(request: EngineRequest, response: IncomingMessage): Promise<T> {
    return this.#transport.readJson<T>(request, response);
  }

  /** Ask, and leave the body of the answer to the caller. */
  protected async open(request: EngineRequest): Promise<IncomingMessage> {
    return await this.#attempt(request, (prefix) => this.#transport.send(request, prefix));
  }

  /** Ask, when the answer has no content that matters. */
  protected async order(request: EngineRequest): Promise<void> {
    (await this.open(request)).resume();
  }

  /** Ask, and read the JSON lines of the answer one by one. */
  protected async *lines<T>(request: EngineRequest): AsyncGenerator<T> {
    yield* jsonLines<T>((await this.open(request)) as AsyncIterable<Buffer>);
  }

  /** Ask, and take the connection over. */
  protected async hijack(request: EngineRequest): Promise<HijackedStream> {
    const { stream, mediaType } = await this.#attempt(request, (prefix) =>
      this.#transport.hijack(request, prefix),
    );
    return { stream, multiplexed: await this.framing(mediaType) };
  }

  /** Whether output of this media type is framed, as far as the engine's version tells. */
  protected async framing(mediaType: string | undefined): Promise<boolean | undefined> {
    if (compareVersions(await this.apiVersion(), TELLS_FRAMING) < 0) return undefined;
    if (mediaType === 'application/vnd.docker.multiplexed-stream') return true;
    if (mediaType === 'application/vnd.docker.raw-stream') return false;
    return undefined;
  }

  /** Send; once more when there was nobody to hear it, or whoever heard it is older than we took it to be. */
  async #attempt<T>(request: EngineRequest, send: (prefix: string) => Promise<T>): Promise<T> {
    // What is uploaded can be read only once.
    const guesses = this.#isOptimistic && request.upload === undefined;
    if (this.#isOptimistic && !guesses) this.#askVersion();
    try {
      return await send(await this.#prefix());
    } catch (error) {
      if (await this.#isCured(error, guesses)) return await send(await this.#prefix());
      throw error;
    }
  }

  #askVersion(): void {
    this.#isOptimistic = false;
    this.#version = undefined;
  }

  /** Whether the same request may go well now. */
  async #isCured(error: unknown, guessed: boolean): Promise<boolean> {
    if (this.#onAbsent !== undefined && NsError.is(error) && isErrno(error, 'ENOENT', 'ECONNREFUSED')) {
      // Several requests wait for the same.
      this.#appearing ??= this.#onAbsent(error);
      await this.#appearing;
      return true;
    }
    // Docker's words to a client that is too new.
    const isTooNew = EngineApiError.is(error) && /client version .* is too new/.test(error.message);
    if (guessed && isTooNew && this.#isOptimistic) this.#askVersion();
    return guessed && isTooNew;
  }

  async #prefix(): Promise<string> {
    return `/v${await this.apiVersion()}`;
  }
}
