import { NetworkEndpoints } from './networks.js';

/**
 * A client of one engine: ns-daemon, Docker, or Podman.
 *
 * @remarks
 * One method per endpoint, named after it; each takes {@link CallOptions} last. The API version is agreed with the
 * first request. Connections are kept for the next request and do not keep the process alive.
 *
 * @example
 * ```ts
 * const client = new EngineClient({ host: 'unix:///run/ns/ns.sock' });
 * const { Id } = await client.containerCreate({ Image: 'hello-world' });
 * ```
 */
export class EngineClient extends NetworkEndpoints {}
