import type { FirewallLink } from '@ns/netfw';

import { addressOf, type Endpoint } from './endpoint.js';
import type { Network } from './network.js';
import type { ContainerPort } from './port-requests.js';

/** A port of another container, by its id. */
export interface LinkedPort extends ContainerPort {
  readonly to: string;
}

/** A link as the firewall takes it, and the bridge that both are on. */
export interface LinkRule extends FirewallLink {
  readonly bridge: string;
}

/**
 * The rules that links need: where the containers of a network do not reach each other, and both run. Pure.
 *
 * @param links - By the container that calls.
 */
export function linkRules(
  links: ReadonlyMap<string, readonly LinkedPort[]>,
  endpointsOf: (id: string) => readonly Endpoint[],
  network: (id: string) => Network | undefined,
): LinkRule[] {
  return [...links].flatMap(([from, ports]) =>
    ports.flatMap(({ to, protocol, port }) =>
      endpointsOf(from).flatMap(({ networkId, addresses }): LinkRule[] => {
        const { icc = true, bridge = '' } = network(networkId) ?? {};
        const other = endpointsOf(to).find((endpoint) => endpoint.networkId === networkId);
        const [fromIp, toIp] = [addressOf(addresses, 4), addressOf(other?.addresses ?? [], 4)];
        return icc || fromIp === undefined || toIp === undefined
          ? []
          : [{ bridge, protocol, fromIp, toIp, port }];
      }),
    ),
  );
}
