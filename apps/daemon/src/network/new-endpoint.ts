import { randomBytes } from 'node:crypto';

import type { EndpointSettings } from '@ns/engine-api';
import { macOfIpv4, parseIp } from '@ns/netfw';

import { createId, shortId } from '../engine/ids.js';
import type { ContainerRecord } from '../engine/record.js';
import { addressOf, type Endpoint } from './endpoint.js';
import type { Network } from './network.js';
import type { Pools } from './pools.js';

/**
 * A place on a network, with addresses of its own.
 *
 * @param others - What the container has already.
 * @throws {@link NsError} `ERR_NS_CONFLICT`, `ERR_NS_INVALID_ARGUMENT` as {@link Pools.allocate}.
 */
export function newEndpoint(
  pools: Pools,
  network: Network,
  settings: EndpointSettings,
  record: ContainerRecord,
  others: readonly Endpoint[],
): Endpoint {
  const { IPAMConfig, MacAddress, Aliases } = settings;
  const addresses = pools.allocate(network, {
    ipv4: IPAMConfig?.IPv4Address || undefined,
    ipv6: IPAMConfig?.IPv6Address || undefined,
  });
  const ipv4 = addressOf(addresses, 4);
  const random = Uint8Array.of(...randomBytes(4));
  return {
    id: createId(),
    networkId: network.id,
    network: network.name,
    interface: `eth${freeIndex(others)}`,
    // Of each run another: the kernel may still be taking the last one away.
    hostName: `veth${randomBytes(5).toString('hex')}`,
    mac: MacAddress || macOfIpv4(ipv4 === undefined ? random : parseIp(ipv4).bytes),
    addresses,
    gateways: network.internal ? [] : network.subnets.map(({ gateway }) => gateway),
    names: [...new Set([record.name, shortId(record.id), ...(Aliases ?? [])])],
  };
}

/** The first number that no interface of the container has. */
function freeIndex(endpoints: readonly Endpoint[]): number {
  const names = new Set(endpoints.map((endpoint) => endpoint.interface));
  return [...Array(endpoints.length + 1).keys()].find((index) => !names.has(`eth${index}`))!;
}
