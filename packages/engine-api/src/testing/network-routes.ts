import { randomBytes } from 'node:crypto';

import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkDisconnectRequest,
  NetworkResource,
} from '../types/network-resource.js';
import { FakeError, filtersOf } from './exchange.js';
import type { FakeState, Route } from './state.js';

const BUILT_IN = ['bridge', 'host', 'none'];

const route = (method: string, path: string, handle: Route['handle']): Route => ({
  method,
  pattern: new RegExp(`^/networks${path.replace('{}', '([^/]+)')}$`),
  handle,
});

/** `/networks`. Containers have no interfaces: who is on a network is written down. */
export const networkRoutes: readonly Route[] = [
  route('GET', '', (state, { query, reply }) => {
    const filters = filtersOf(query);
    const isWanted = (network: NetworkResource): boolean =>
      (filters['name']?.some((name) => network.Name.includes(name)) ?? true) &&
      (filters['driver']?.includes(network.Driver) ?? true);
    reply(200, state.networks.filter(isWanted));
  }),
  route('POST', '/create', async (state, { json, reply }) => {
    const network = resourceOf(await json<NetworkCreateRequest>());
    if (state.networks.some(({ Name }) => Name === network.Name)) {
      throw new FakeError(409, `network with name ${network.Name} already exists`, {
        nsCode: 'ERR_NS_CONFLICT',
      });
    }
    state.networks.push(network);
    reply(201, { Id: network.Id, Warning: network.Options?.['warn'] ?? '' });
  }),
  route('POST', '/prune', (state, { reply }) => {
    const unused = state.networks.filter(
      ({ Name, Containers }) => !BUILT_IN.includes(Name) && Object.keys(Containers ?? {}).length === 0,
    );
    for (const network of unused) state.networks.splice(state.networks.indexOf(network), 1);
    reply(200, { NetworksDeleted: unused.length === 0 ? null : unused.map(({ Name }) => Name) });
  }),
  route('GET', '/{}', (state, { params, reply }) => reply(200, find(state, params[0] ?? ''))),
  route('DELETE', '/{}', (state, { params, reply }) => {
    const network = find(state, params[0] ?? '');
    if (BUILT_IN.includes(network.Name)) {
      throw new FakeError(403, `${network.Name} is a pre-defined network and cannot be removed`);
    }
    state.networks.splice(state.networks.indexOf(network), 1);
    reply(204);
  }),
  route('POST', '/{}/connect', async (state, { params, json, reply }) => {
    const network = find(state, params[0] ?? '');
    const { Container, EndpointConfig } = await json<NetworkConnectRequest>();
    const { id, name } = state.container(Container);
    const { IPv4Address = '', IPv6Address = '' } = EndpointConfig?.IPAMConfig ?? {};
    const member = { Name: name, EndpointID: id, MacAddress: '', IPv4Address, IPv6Address };
    network.Containers = { ...network.Containers, [id]: member };
    reply(200);
  }),
  route('POST', '/{}/disconnect', async (state, { params, json, reply }) => {
    const network = find(state, params[0] ?? '');
    const { id } = state.container((await json<NetworkDisconnectRequest>()).Container);
    const { [id]: member, ...others } = network.Containers ?? {};
    if (member === undefined) {
      throw new FakeError(404, `container ${id} is not connected to network ${network.Name}`);
    }
    network.Containers = others;
    reply(200);
  }),
];

function find(state: FakeState, reference: string): NetworkResource {
  const found = state.networks.find(({ Name, Id }) => Name === reference || Id.startsWith(reference));
  if (found !== undefined) return found;
  throw new FakeError(404, `network ${reference} not found`, { nsCode: 'ERR_NS_NOT_FOUND' });
}

/** The networks that are always there. */
export const builtInNetworks = (): NetworkResource[] =>
  BUILT_IN.map((Name, index) => ({
    ...resourceOf({ Name, Driver: Name === 'none' ? 'null' : Name }),
    Id: String(index + 1).repeat(64),
    Created: '2026-01-02T03:04:05.678Z',
  }));

function resourceOf(request: NetworkCreateRequest): NetworkResource {
  return {
    Name: request.Name,
    Id: randomBytes(32).toString('hex'),
    Created: new Date().toISOString(),
    Scope: 'local',
    Driver: request.Driver ?? 'bridge',
    EnableIPv4: request.EnableIPv4 ?? true,
    EnableIPv6: request.EnableIPv6 ?? false,
    IPAM: { Driver: 'default', Options: null, Config: request.IPAM?.Config ?? [] },
    Internal: request.Internal ?? false,
    Attachable: request.Attachable ?? false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: request.Options ?? {},
    Labels: request.Labels ?? {},
  };
}
