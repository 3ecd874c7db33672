import type { NetworkMember, NetworkResource } from '@ns/engine-api';

import type { EngineContext } from '../engine/context.js';
import { addressOf } from './endpoint.js';
import { type BuiltIn, builtInId, type Network } from './network.js';
import { isIpv6Subnet } from './subnets.js';

/** A network of containers, with those that are on it. */
export function networkResource(context: EngineContext, found: Network): NetworkResource {
  const network = context.networks.described(found);
  return {
    Name: network.name,
    Id: network.id,
    Created: network.created,
    Scope: 'local',
    Driver: 'bridge',
    EnableIPv4: true,
    EnableIPv6: network.subnets.some(isIpv6Subnet),
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: network.subnets.map(({ subnet, gateway, range }) => ({
        Subnet: subnet,
        Gateway: gateway,
        ...(range === undefined ? {} : { IPRange: range }),
      })),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: members(context, network),
    Options: network.options,
    Labels: network.labels,
  };
}

function members(context: EngineContext, network: Network): Record<string, NetworkMember> {
  return Object.fromEntries(
    context.networks.membersOf(network).map(([container, { id, mac, addresses }]) => {
      const withPrefix = (family: 4 | 6): string =>
        addresses.find((address) => address.startsWith(`${addressOf(addresses, family)}/`)) ?? '';
      const member = {
        Name: context.containers.find(container)?.record.name ?? '',
        EndpointID: id,
        MacAddress: mac,
        IPv4Address: withPrefix(4),
        IPv6Address: withPrefix(6),
      };
      return [container, member];
    }),
  );
}

/** `host` and `none`, which are there whatever else is. */
export function namedResource(context: EngineContext, name: Exclude<BuiltIn, 'bridge'>): NetworkResource {
  const mode = name;
  const containers = context.containers
    .all()
    .filter(({ record, isRunning }) => isRunning && record.hostConfig.NetworkMode === mode)
    .map(({ id, record }) => {
      const member = { Name: record.name, EndpointID: '', MacAddress: '', IPv4Address: '', IPv6Address: '' };
      return [id, member] as const;
    });
  return {
    Name: name,
    Id: builtInId(name, context.paths.dataRoot),
    Created: context.networks.created,
    Scope: 'local',
    Driver: name === 'host' ? 'host' : 'null',
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(containers),
    Options: {},
    Labels: {},
  };
}
