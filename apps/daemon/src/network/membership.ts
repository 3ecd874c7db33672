import type { EndpointSettings } from '@ns/engine-api';
import { NsError } from '@ns/errors';

import type { ManagedContainer } from '../engine/container.js';
import type { EngineContext } from '../engine/context.js';
import { DOCKER } from '../engine/errors.js';
import type { Network } from './network.js';
import { parseMode } from './network.js';

/**
 * Give a container that does not run another network: it is on it from its next start on.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` while it runs; `ERR_NS_CONFLICT` when it shares a network, or has none.
 */
export function join(
  context: EngineContext,
  container: ManagedContainer,
  network: Network,
  settings: EndpointSettings,
): Promise<void> {
  return change(context, container, (networks) => {
    const { kind } = parseMode(container.record.hostConfig.NetworkMode, true);
    if (kind !== 'network') {
      throw new NsError('ERR_NS_CONFLICT', {
        operation: DOCKER,
        message:
          kind === 'none'
            ? 'container cannot be connected to multiple networks with one of the networks in private (none) mode'
            : `container sharing network namespace with another container or host cannot be connected to any other network`,
      });
    }
    return { ...networks, [network.name]: settings };
  });
}

/** Take a network away from a container that does not run. @throws {@link NsError} as {@link join}. */
export function leave(context: EngineContext, container: ManagedContainer, network: Network): Promise<void> {
  return change(context, container, (networks) => {
    const { [network.name]: byName, [network.id]: byId, ...others } = networks;
    if (byName !== undefined || byId !== undefined) return others;
    throw new NsError('ERR_NS_NOT_FOUND', {
      operation: DOCKER,
      message: `container ${container.id} is not connected to network ${network.name}`,
    });
  });
}

type Membership = Readonly<Record<string, EndpointSettings>>;

function change(
  context: EngineContext,
  container: ManagedContainer,
  next: (networks: Membership) => Membership,
): Promise<void> {
  return container.actor.run(async () => {
    if (container.isRunning) {
      throw new NsError('ERR_NS_UNSUPPORTED', {
        operation: DOCKER,
        message: `container ${container.record.name} runs: its networks can be changed while it is stopped`,
        hint: 'Stop it first, or name the network when it is created.',
      });
    }
    const record = { ...container.record, networks: next(container.record.networks ?? {}) };
    await context.records.save(record);
    container.record = record;
  });
}
