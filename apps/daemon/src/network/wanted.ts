import type { EndpointSettings } from '@ns/engine-api';

import type { ContainerRecord } from '../engine/record.js';
import type { Network } from './network.js';
import type { NetworkTable } from './table.js';

/** A network that a container is to be on, and how. */
export interface WantedNetwork {
  readonly network: Network;
  readonly settings: EndpointSettings;
}

/**
 * The networks of a container: that of its mode first, which has its ports and its default route, then the others that
 * it was given.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`
 */
export function wantedNetworks(
  { hostConfig, networks = {} }: Pick<ContainerRecord, 'hostConfig' | 'networks'>,
  table: NetworkTable,
): WantedNetwork[] {
  const mode = hostConfig.NetworkMode || 'default';
  const first = table.get(mode === 'default' ? 'bridge' : mode);
  const wanted = new Map<string, WantedNetwork>([[first.id, { network: first, settings: {} }]]);
  for (const [name, settings] of Object.entries(networks)) {
    const network = table.get(name === 'default' ? 'bridge' : name);
    wanted.set(network.id, { network, settings });
  }
  return [...wanted.values()];
}
