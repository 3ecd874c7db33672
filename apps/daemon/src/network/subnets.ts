import {
  AddressPool,
  allocateSubnet,
  formatIp,
  listAddresses,
  listRoutes,
  type NetlinkSocket,
  networkOf,
  parsePrefix,
  usedSubnets,
} from '@ns/netfw';

import type { Network, Subnet } from './network.js';

/** A free subnet of Docker's pools: neither the host has a route there, nor another network is there. */
export function chooseSubnet(socket: NetlinkSocket, networks: readonly Network[]): Subnet {
  const host = { routes: listRoutes(socket), addresses: listAddresses(socket) };
  const others = networks.flatMap(({ subnets }) => subnets.map(({ subnet }) => subnet));
  return subnetOf(allocateSubnet([...usedSubnets(host), ...others]));
}

/** A subnet whose gateway is its first address, unless it is said. */
export function subnetOf(prefix: string, gateway?: string, range?: string): Subnet {
  const { bytes, prefixLength } = networkOf(parsePrefix(prefix, 'network'));
  const subnet = `${formatIp(bytes)}/${prefixLength}`;
  // The pool refuses a range or gateway that is not of the subnet.
  const pool = new AddressPool({ subnet, gateway, range });
  return { subnet, gateway: pool.gateway, ...(range === undefined ? {} : { range }) };
}

export const prefixLengthOf = (subnet: string): number => parsePrefix(subnet).prefixLength;

/** The bridge's address in a subnet, as links have it. */
export const bridgeAddress = ({ subnet, gateway }: Subnet): string => `${gateway}/${prefixLengthOf(subnet)}`;

export const isIpv6Subnet = ({ subnet }: Subnet): boolean => subnet.includes(':');
