import type { NetworkResource } from '@ns/engine-api';

import { shortId } from './container-list.js';
import type { ListDescription } from './list.js';
import { View } from './template/value.js';
import { goTime } from './units.js';

/** How `network ls` lists networks. */
export function networkList(trunc: boolean): ListDescription<NetworkResource> {
  return {
    headers: {
      ID: 'NETWORK ID',
      Name: 'NAME',
      Driver: 'DRIVER',
      Scope: 'SCOPE',
      IPv4: 'IPV4',
      IPv6: 'IPV6',
      Internal: 'INTERNAL',
      Labels: 'LABELS',
      CreatedAt: 'CREATED AT',
    },
    columns: ['ID', 'Name', 'Driver', 'Scope'],
    quiet: 'ID',
    view: (network) => networkView(network, trunc),
  };
}

function networkView(network: NetworkResource, trunc: boolean): View {
  const labels = network.Labels ?? {};
  return new View({
    ID: () => (trunc ? shortId(network.Id) : network.Id),
    Name: () => network.Name,
    Driver: () => network.Driver,
    Scope: () => network.Scope,
    IPv4: () => String(network.EnableIPv4 ?? true),
    IPv6: () => String(network.EnableIPv6),
    Internal: () => String(network.Internal),
    Labels: () =>
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .toSorted()
        .join(','),
    Label: (name: unknown) => labels[String(name)] ?? '',
    CreatedAt: () => goTime(network.Created),
  });
}
