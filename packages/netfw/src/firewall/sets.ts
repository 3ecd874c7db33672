import { isIPv4 } from 'node:net';

import { AF, IPPROTO } from '@ns/syscall';

import { concat, value } from '../nft/datatypes.js';
import type { ElementSpec, SetSpec } from '../nft/spec.js';
import { type FirewallLink, type FirewallPolicy, type PublishedPort, subnetRange } from './policy.js';

/**
 * The sets of the table. Networks and ports are elements, and elements are all that ever changes: the rules are the
 * same for one port and for thousands, for the kernel that walks them as for us who compare them.
 */
export const SETS: readonly SetSpec[] = [
  { name: 'bridges', key: ['ifname'], comment: 'all networks' },
  { name: 'internal', key: ['ifname'], comment: 'networks that nothing leaves' },
  { name: 'hairpin4', key: ['ipv4_addr', 'ifname'], isInterval: true, comment: 'from a network to itself' },
  { name: 'hairpin6', key: ['ipv6_addr', 'ifname'], isInterval: true, comment: 'from a network to itself' },
  { name: 'icc', key: ['ifname', 'ifname'], comment: 'networks whose containers reach one another' },
  {
    name: 'links4',
    key: ['ipv4_addr', 'ipv4_addr', 'inet_proto', 'inet_service'],
    comment: 'containers that may reach a port of another',
  },
  { name: 'masquerade4', key: ['ipv4_addr'], isInterval: true, comment: 'leave by the address of the host' },
  { name: 'masquerade6', key: ['ipv6_addr'], isInterval: true, comment: 'leave by the address of the host' },
  {
    name: 'publish4',
    key: ['ipv4_addr', 'inet_proto', 'inet_service'],
    value: ['ipv4_addr', 'inet_service'],
  },
  {
    name: 'publish6',
    key: ['ipv6_addr', 'inet_proto', 'inet_service'],
    value: ['ipv6_addr', 'inet_service'],
  },
  { name: 'publish4_any', key: ['inet_proto', 'inet_service'], value: ['ipv4_addr', 'inet_service'] },
  { name: 'publish6_any', key: ['inet_proto', 'inet_service'], value: ['ipv6_addr', 'inet_service'] },
];

/** Elements by the name of their set. */
export type Elements = ReadonlyMap<string, readonly ElementSpec[]>;

const PROTOCOLS = {
  tcp: IPPROTO.IPPROTO_TCP,
  udp: IPPROTO.IPPROTO_UDP,
  sctp: IPPROTO.IPPROTO_SCTP,
} as const;

/** The map that a published port belongs into, and its element there. */
export function portElement(port: PublishedPort): { readonly set: string; readonly element: ElementSpec } {
  const host = value.ip(port.hostIp);
  const version = isIPv4(port.hostIp) ? 4 : 6;
  const isAny = host.every((byte) => byte === 0);
  const key = [value.u8(PROTOCOLS[port.protocol]), value.be16(port.hostPort)];
  return {
    set: `publish${version}${isAny ? '_any' : ''}`,
    element: {
      key: isAny ? concat(...key) : concat(host, ...key),
      value: concat(value.ip(port.containerIp), value.be16(port.containerPort)),
      comment: port.comment,
    },
  };
}

const linkKey = ({ fromIp, toIp, protocol, port }: FirewallLink): Uint8Array =>
  concat(value.ip(fromIp), value.ip(toIp), value.u8(PROTOCOLS[protocol]), value.be16(port));

/** All elements of a policy. */
export function policyElements({ networks, ports, links = [] }: FirewallPolicy): Elements {
  const elements = new Map<string, ElementSpec[]>(SETS.map(({ name }) => [name, []]));
  const add = (set: string, element: ElementSpec): void => void elements.get(set)!.push(element);
  for (const { bridge, subnets, icc = true, internal = false, masquerade = true } of networks) {
    const name = value.ifname(bridge);
    add('bridges', { key: name });
    if (internal) add('internal', { key: name });
    if (icc) add('icc', { key: concat(name, name) });
    for (const subnet of subnets) {
      const { family, first, last, end } = subnetRange(subnet);
      add(family === AF.AF_INET ? 'hairpin4' : 'hairpin6', {
        key: concat(first, name),
        last: concat(last, name),
      });
      if (!masquerade || internal) continue;
      add(family === AF.AF_INET ? 'masquerade4' : 'masquerade6', { key: first, end, comment: bridge });
    }
  }
  // Two links between the same may be one.
  const keys = new Map(links.map(linkKey).map((key) => [String(key), key]));
  for (const key of keys.values()) add('links4', { key });
  for (const port of ports) {
    const { set, element } = portElement(port);
    add(set, element);
  }
  return elements;
}
