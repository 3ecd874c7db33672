import type { ContainerNetwork } from '@ns/execdriver';
import { needsIsolatedPorts } from '@ns/netfw';

import type { Bridges } from './bridges.js';
import type { Attachment } from './endpoint.js';
import type { NetworkTable } from './table.js';

/** What the driver is told of a container's network. */
export function containerNetwork(
  { endpoints, ports }: Attachment,
  table: NetworkTable,
  bridges: Bridges,
): ContainerNetwork {
  return {
    interfaces: endpoints.map(({ interface: name, hostName, addresses, mac, networkId }) => {
      const network = table.get(networkId);
      const bridgePort = {
        ...(needsIsolatedPorts(network) ? { isolated: true } : {}),
        // Where bridged packets pass the rules (bridge-nf-call-iptables), a container that calls its own published port
        // is answered through the port that it called by.
        ...(ports.length > 0 ? { hairpin: true } : {}),
      };
      return {
        name,
        link: {
          kind: 'veth',
          hostName,
          bridge: bridges.find(network) ?? 0,
          ...(Object.keys(bridgePort).length > 0 ? { bridgePort } : {}),
        },
        addresses,
        mac,
        ...(network.mtu > 0 ? { mtu: network.mtu } : {}),
      };
    }),
    gateways: endpoints.find(({ gateways }) => gateways.length > 0)?.gateways ?? [],
  };
}
