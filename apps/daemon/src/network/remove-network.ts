import { NsError } from '@ns/errors';

import type { EngineContext } from '../engine/context.js';
import { DOCKER } from '../engine/errors.js';
import { isBuiltIn, type Network } from './network.js';

/**
 * Remove a network of a user's, with its bridge.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`; `ERR_NS_CONFLICT` for a built-in one, or one that a container is on.
 */
export async function removeNetwork(context: EngineContext, reference: string): Promise<void> {
  if (isBuiltIn(reference)) throw builtIn(reference);
  const network = context.networks.table.get(reference);
  if (isBuiltIn(network.name)) throw builtIn(network.name);
  const members = context.networks.membersOf(network);
  if (members.length > 0) {
    const names = members.map(([id]) => context.containers.find(id)?.record.name ?? id);
    throw new NsError('ERR_NS_CONFLICT', {
      operation: DOCKER,
      message: `error while removing network: network ${network.name} id ${network.id} has active endpoints (${names.join(', ')})`,
      hint: 'Stop the containers that are on it first.',
    });
  }
  await context.networks.table.remove(network);
  context.networks.forget(network);
  context.events.publish('network', 'destroy', network.id, { name: network.name, type: 'bridge' });
}

const builtIn = (name: string): NsError =>
  new NsError('ERR_NS_CONFLICT', {
    operation: DOCKER,
    message: `${name} is a pre-defined network and cannot be removed`,
  });

/** Remove the networks of users that no container names. @returns Their names. */
export async function pruneNetworks(
  context: EngineContext,
  isWanted: (network: Network) => boolean,
): Promise<string[]> {
  const named = new Set(
    context.containers
      .all()
      .flatMap(({ record }) => [record.hostConfig.NetworkMode ?? '', ...Object.keys(record.networks ?? {})]),
  );
  const removed: string[] = [];
  for (const network of context.networks.table.all()) {
    if (isBuiltIn(network.name) || named.has(network.name) || named.has(network.id)) continue;
    if (context.networks.membersOf(network).length > 0 || !isWanted(network)) continue;
    await removeNetwork(context, network.id);
    removed.push(network.name);
  }
  return removed;
}
