import type { EndpointSettings, NetworkResource } from '@ns/engine-api';

import { parseTime } from '../engine/clock.js';
import { invalid } from '../engine/errors.js';
import { Filters, hasLabel } from '../engine/filters.js';
import { empty, json, readJson } from '../http/message.js';
import type { Route } from '../http/router.js';
import { createNetwork } from '../network/create-network.js';
import { join, leave } from '../network/membership.js';
import { isBuiltIn, type Network } from '../network/network.js';
import { pruneNetworks, removeNetwork } from '../network/remove-network.js';
import { namedResource, networkResource } from '../network/resource.js';
import type { ApiContext } from './context.js';

const FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'] as const;

/** Networks: list, inspect, create, remove, prune; connect and disconnect of containers, running or not. */
export const networkRoutes = (context: ApiContext): Route[] => [
  ['GET', '/networks', ({ query }) => json(list(context, Filters.parse(query.text('filters'), FILTERS)))],
  ['GET', '/networks/:id', ({ params }) => json(inspect(context, params['id'] ?? ''))],
  [
    'POST',
    '/networks/create',
    async ({ body }) => {
      const { network, warning } = await createNetwork(context.engine, await readJson(body));
      return json({ Id: network.id, Warning: warning }, 201);
    },
  ],
  [
    'DELETE',
    '/networks/:id',
    async ({ params }) => {
      await removeNetwork(context.engine, params['id'] ?? '');
      return empty();
    },
  ],
  [
    'POST',
    '/networks/prune',
    async ({ query }) => {
      const isWanted = prunable(Filters.parse(query.text('filters'), ['label', 'label!', 'until']));
      const removed = await pruneNetworks(context.engine, isWanted);
      return json({ NetworksDeleted: removed });
    },
  ],
  [
    'POST',
    '/networks/:id/connect',
    async ({ params, body }) => {
      const { Container = '', EndpointConfig } = membershipOf(await readJson(body));
      const { engine } = context;
      const container = engine.containers.get(Container);
      await join(engine, container, engine.networks.table.get(params['id'] ?? ''), EndpointConfig ?? {});
      return empty(200);
    },
  ],
  [
    'POST',
    '/networks/:id/disconnect',
    async ({ params, body }) => {
      const { Container = '' } = membershipOf(await readJson(body));
      const { engine } = context;
      await leave(engine, engine.containers.get(Container), engine.networks.table.get(params['id'] ?? ''));
      return empty(200);
    },
  ],
];

/** Those that have the labels, and not the others, and were made before. */
function prunable(filters: Filters): (network: Network) => boolean {
  const moments = filters.get('until').map((text) => {
    const moment = parseTime(text);
    if (moment === undefined)
      throw invalid('filters', `until: '${text}' is no moment`, 'For example until=24h.');
    return moment;
  });
  return ({ labels, created }) =>
    filters.labels(labels) &&
    !filters.get('label!').some((unwanted) => hasLabel(labels, unwanted)) &&
    moments.every((moment) => (parseTime(created) ?? 0n) <= moment);
}

interface Membership {
  readonly Container?: string;
  readonly EndpointConfig?: EndpointSettings;
}

/** Something else than a name finds no container. */
function membershipOf(body: unknown): Membership {
  const { Container, EndpointConfig } = (body ?? {}) as Record<string, unknown>;
  return {
    ...(typeof Container === 'string' ? { Container } : {}),
    ...(typeof EndpointConfig === 'object' && EndpointConfig !== null ? { EndpointConfig } : {}),
  };
}

function all({ engine }: ApiContext): NetworkResource[] {
  return [
    ...engine.networks.table.all().map((network) => networkResource(engine, network)),
    namedResource(engine, 'host'),
    namedResource(engine, 'none'),
  ];
}

/** By id, name, or the beginning of an id. */
function inspect(context: ApiContext, reference: string): NetworkResource {
  const { engine } = context;
  const found = engine.networks.table.find(reference);
  if (found !== undefined) return networkResource(engine, found);
  for (const name of ['host', 'none'] as const) {
    const resource = namedResource(engine, name);
    if (name === reference || (reference.length >= 3 && resource.Id.startsWith(reference))) return resource;
  }
  return networkResource(engine, engine.networks.table.get(reference));
}

function list(context: ApiContext, filters: Filters): NetworkResource[] {
  return all(context).filter(
    (network) =>
      filters.any('name', (name) => network.Name.includes(name)) &&
      filters.any('id', (id) => network.Id.startsWith(id)) &&
      filters.any('driver', (driver) => network.Driver === driver) &&
      filters.any('scope', (scope) => network.Scope === scope) &&
      filters.any('type', (type) => (type === 'builtin') === isBuiltIn(network.Name)) &&
      filters.any('dangling', (flag) => {
        const isUsed = isBuiltIn(network.Name) || Object.keys(network.Containers ?? {}).length > 0;
        return (flag === 'true' || flag === '1') !== isUsed;
      }) &&
      filters.labels(network.Labels ?? {}),
  );
}
