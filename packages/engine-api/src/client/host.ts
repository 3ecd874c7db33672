import { NsError } from '@ns/errors';

/** Where an engine listens, as Node's `http.request` takes it. */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

/** Where ns-daemon listens when nothing else is said. */
export const DEFAULT_HOST = 'unix:///run/ns/ns.sock';

const DEFAULT_TCP_PORT = 2375;

/**
 * Read an engine's address as `-H` and `DOCKER_HOST` have it.
 *
 * @param host - `unix:///path`, `tcp://name:port`, `http://name:port`; an absolute path is a Unix socket too. Without a
 * port, 2375.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_UNSUPPORTED` for `https://`, `ssh://`, `npipe://`.
 */
export function parseHost(host: string): EngineAddress {
  if (host.startsWith('/')) return { socketPath: host };
  const [scheme, rest] = splitScheme(host);
  switch (scheme) {
    case 'unix':
      if (!rest.startsWith('/')) throw malformed(host, 'the path of a unix:// address must be absolute');
      return { socketPath: rest };
    case 'tcp':
    case 'http':
      return tcpAddress(host, rest);
    case 'https':
    case 'ssh':
    case 'npipe':
    case 'fd':
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: 'connect',
        message: `${scheme}:// addresses are not supported: ${JSON.stringify(host)}`,
        hint: 'use unix:///path/to/socket, or tcp://name:port',
      });
    default:
      throw malformed(host, `unknown scheme ${JSON.stringify(scheme)}`);
  }
}

function splitScheme(host: string): [scheme: string, rest: string] {
  const at = host.indexOf('://');
  if (at === -1) throw malformed(host, 'it has no scheme');
  return [host.slice(0, at), host.slice(at + 3)];
}

function tcpAddress(host: string, rest: string): EngineAddress {
  let url: URL;
  try {
    url = new URL(`http://${rest}`);
  } catch (cause) {
    throw malformed(host, 'a name or an address, and a port, must follow the scheme', cause);
  }
  if (url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw malformed(host, 'only a name or an address, and a port, may follow the scheme');
  }
  // URL drops the port that is its scheme's own.
  const port = url.port === '' ? (/:80\/?$/.test(rest) ? 80 : DEFAULT_TCP_PORT) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function malformed(host: string, why: string, cause?: unknown): NsError {
  return new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'connect',
    message: `${JSON.stringify(host)} is not the address of an engine: ${why}`,
    hint: 'an address reads unix:///run/ns/ns.sock or tcp://127.0.0.1:2375',
    cause,
  });
}
