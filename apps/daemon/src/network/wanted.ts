import type { EndpointSettings, HostConfig } from '@ns/engine-api';

import type { ContainerRecord } from '../engine/record.js';
import type { Network } from './network.js';
import type { NetworkTable } from './table.js';

/** A network that a container is to be on, and how. */
export interface WantedNetwork {
  readonly network: Network;
  readonly settings: EndpointSettings;
}

/** The name or id of the network of a container's mode. */
export const mainNetworkOf = ({ NetworkMode: mode }: Pick<HostConfig, 'NetworkMode'>): string =>
  mode === undefined || mode === '' || mode === 'default' ? 'bridge' : mode;

/**
 * The networks of a container: that of its mode first, which has its ports and its default route, then the others that
 * it was given.
 *
 * @throws {@link NsError} `ERR_NS_NOT_FOUND`
 */
export function wantedNetworks(
  {
    hostConfig,
    networks = {},
    hasLeftMain,
  }: Pick<ContainerRecord, 'hostConfig' | 'networks' | 'hasLeftMain'>,
  table: NetworkTable,
): WantedNetwork[] {
  const wanted = new Map<string, WantedNetwork>();
  if (!hasLeftMain) {
    const first = table.get(mainNetworkOf(hostConfig));
    wanted.set(first.id, { network: first, settings: {} });
  }
  for (const [name, settings] of Object.entries(networks)) {
    const network = table.get(name === 'default' ? 'bridge' : name);
    wanted.set(network.id, { network, settings });
  }
  return [...wanted.values()];
}
