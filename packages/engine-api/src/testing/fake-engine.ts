import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { API_VERSION } from '../versions.js';
import { checkpointRoutes } from './checkpoint-routes.js';
import { containerRoutes } from './container-routes.js';
import { FakeError, ordinary, upgrading, type FakeExchange } from './exchange.js';
import { imageRoutes } from './image-routes.js';
import { networkRoutes } from './network-routes.js';
import { PROGRAMS, type FakeProgram } from './process.js';
import { FakeState, type Route } from './state.js';
import { systemRoutes } from './system-routes.js';

/** A request as it came in. */
export interface FakeRequest {
  readonly method: string;
  /** Without the version prefix. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** How to make a {@link FakeEngine}. */
export interface FakeEngineOptions {
  /** Programs in addition to `true`, `false`, `exit`, `echo`, `warn`, `env`, `cat`, `keys`, `size`, `signals`, `sleep`. */
  readonly programs?: Readonly<Record<string, FakeProgram>>;
  /** The highest API version it claims to serve. */
  readonly apiVersion?: string;
  /** Listen on this Unix socket instead of one in a directory of its own. */
  readonly socketPath?: string;
}

/**
 * An engine in memory: it serves the Engine API on a Unix socket and runs JavaScript functions where containers would
 * run. For tests of clients; needs no privilege.
 *
 * @example
 * ```ts
 * await using engine = await FakeEngine.start({ programs: { hello: async ({ stdout }) => (await stdout('hi\n'), 0) } });
 * const client = new EngineClient({ host: engine.host });
 * ```
 */
export class FakeEngine {
  /** Its address: `unix:///tmp/…/engine.sock`. */
  readonly host: string;
  /** What was asked of it, in order, without pings. */
  readonly requests: readonly FakeRequest[];
  readonly #server: Server;
  readonly #directory: string | undefined;
  readonly #state: FakeState;
  readonly #sockets: Set<Socket>;

  private constructor(init: {
    host: string;
    server: Server;
    directory: string | undefined;
    state: FakeState;
    requests: FakeRequest[];
    sockets: Set<Socket>;
  }) {
    this.host = init.host;
    this.requests = init.requests;
    this.#server = init.server;
    this.#directory = init.directory;
    this.#state = init.state;
    this.#sockets = init.sockets;
  }

  /** Listen. The engine has one image, `busybox:latest`. */
  static async start(options: FakeEngineOptions = {}): Promise<FakeEngine> {
    const directory =
      options.socketPath === undefined ? await mkdtemp(join(tmpdir(), 'fake-engine-')) : undefined;
    const socketPath = options.socketPath ?? join(directory ?? '', 'engine.sock');
    const state = new FakeState({ ...PROGRAMS, ...options.programs }, options.apiVersion ?? API_VERSION);
    const requests: FakeRequest[] = [];
    const sockets = new Set<Socket>();
    const server = serve(state, requests, sockets);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
    return new FakeEngine({ host: `unix://${socketPath}`, server, directory, state, requests, sockets });
  }

  /** Requests as `METHOD path`, ids written as `ID`, for assertions about their order. */
  get trace(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{64}/, 'ID')}`);
  }

  /** Hold back the answers to requests of this form until the returned function is called. */
  delay(method: string, path: RegExp): () => void {
    return this.#state.delay(method, path);
  }

  /** Stop at once, as an engine that is killed does: every connection is cut. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  /** For `await using`: as {@link stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function serve(state: FakeState, requests: FakeRequest[], sockets: Set<Socket>): Server {
  const routes = [...systemRoutes, ...checkpointRoutes, ...containerRoutes, ...imageRoutes, ...networkRoutes];
  const handle = async (exchange: Omit<FakeExchange, 'params'>): Promise<void> => {
    const { method, path, query } = exchange;
    if (path !== '/_ping') requests.push({ method, path, query: Object.fromEntries(query) });
    try {
      await state.delayed(method, path);
      await dispatch(routes, state, exchange);
    } catch (error) {
      if (error instanceof FakeError) exchange.reply(error.status, error.body);
      else exchange.reply(500, { message: String(error) });
    }
  };
  const server = createServer((request, response) => {
    response.setHeader('Api-Version', state.apiVersion);
    response.setHeader('Ostype', 'linux');
    response.setHeader('Server', 'fake');
    void handle(ordinary(request, response));
  });
  // Clients half-close to end stdin, and output goes on.
  (server as unknown as { allowHalfOpen: boolean }).allowHalfOpen = true;
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    void handle(upgrading(request, socket, head));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return server;
}

async function dispatch(
  routes: readonly Route[],
  state: FakeState,
  exchange: Omit<FakeExchange, 'params'>,
): Promise<void> {
  for (const { method, pattern, handle } of routes) {
    const match = method === exchange.method ? pattern.exec(exchange.path) : null;
    if (match === null) continue;
    await handle(state, { ...exchange, params: match.slice(1).map(decodeURIComponent) });
    return;
  }
  throw new FakeError(404, 'page not found');
}
