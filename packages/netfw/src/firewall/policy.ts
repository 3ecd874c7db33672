import { isIPv4, isIPv6 } from 'node:net';

import { formatIp, networkOf, parseIp, parsePrefix } from '../link/ip.js';
import { invalid } from '../invalid.js';
import { value } from '../nft/datatypes.js';
import { overlaps, parseSubnet, type Subnet } from '../pools/prefix.js';

/** A network of containers: a bridge with its subnets. */
export interface FirewallNetwork {
  /** The name of the bridge's interface. */
  readonly bridge: string;
  /** Of IPv4 and IPv6: `172.17.0.0/16`. The bits of the host may be set. */
  readonly subnets: readonly string[];
  /** Containers of the network reach one another. Default true. See {@link needsIsolatedPorts}. */
  readonly icc?: boolean | undefined;
  /** Nothing leaves the network and nothing comes in. Default false. */
  readonly internal?: boolean | undefined;
  /** What leaves gets the address of the interface it leaves by. Default true, without effect when internal. */
  readonly masquerade?: boolean | undefined;
}

/** Protocols that have ports. */
export type PortProtocol = 'tcp' | 'udp' | 'sctp';

/** A port of a container that the host answers for. */
export interface PublishedPort {
  readonly protocol: PortProtocol;
  /** The host's address; `0.0.0.0` and `::` are all of their family. `::1` cannot be: see {@link needsProxy}. */
  readonly hostIp: string;
  /** 1 to 65535. */
  readonly hostPort: number;
  /** The container's address, of the same family. */
  readonly containerIp: string;
  /** 1 to 65535. */
  readonly containerPort: number;
  /** Shown by `nft list ruleset`: the container's name. At most 100 bytes. */
  readonly comment?: string | undefined;
}

/** A port of a container that another one reaches, whatever else holds between their networks. */
export interface FirewallLink {
  readonly protocol: PortProtocol;
  /** Of IPv4, as {@link toIp}. */
  readonly fromIp: string;
  readonly toIp: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** All that the firewall of an engine is made of. */
export interface FirewallPolicy {
  readonly networks: readonly FirewallNetwork[];
  readonly ports: readonly PublishedPort[];
  /** On a network with `icc: false` they need the bridge's sysctl `proxy_arp_pvlan`: see {@link needsIsolatedPorts}. */
  readonly links?: readonly FirewallLink[] | undefined;
}

/**
 * Whether a userland proxy must listen for (part of) a published port.
 *
 * @remarks
 * The kernel sends nothing that has `::1` as its source or destination out of the machine, and has no counterpart of
 * IPv4's `route_localnet`. A port published on `::1`, or on `::` for whoever connects to `::1`, needs a process that
 * listens on `::1` and connects to the container. The rules leave `::1` alone, so that the process is reached.
 */
export const needsProxy = ({ hostIp }: Pick<PublishedPort, 'hostIp'>): boolean =>
  isIPv6(hostIp) && ['::', '::1'].includes(formatIp(parseIp(hostIp).bytes));

/**
 * Whether the bridge ports of a network's containers must be isolated (`IFLA_BRPORT_ISOLATED`): frames between the ports
 * of one bridge do not pass the rules of IPv4 and IPv6, so `icc: false` is up to the bridge. With the bridge's sysctl
 * `net.ipv4.conf.BRIDGE.proxy_arp_pvlan=1` the host answers for the others: packets of IPv4 are routed then, and the
 * rules drop all but those of {@link FirewallPolicy.links}.
 */
export const needsIsolatedPorts = ({ icc }: Pick<FirewallNetwork, 'icc'>): boolean => icc === false;

/**
 * Whether the bridge needs `net.ipv4.conf.BRIDGE.route_localnet=1`: when the host itself reaches ports published on
 * `127.0.0.1` or `0.0.0.0` by `127.0.0.1`. The firewall drops what other machines and containers send there.
 */
export const needsRouteLocalnet = ({ hostIp }: Pick<PublishedPort, 'hostIp'>): boolean =>
  isIPv4(hostIp) && (hostIp === '0.0.0.0' || hostIp.startsWith('127.'));

const OPERATION = 'firewall policy';

function checkPort(name: string, port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid(OPERATION, `${name} port ${port} is not from 1 to 65535`);
  }
}

/** Refuses a port that cannot be published by rules. @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
export function checkPublishedPort(port: PublishedPort): void {
  const { protocol, hostIp, hostPort, containerIp, containerPort, comment } = port;
  checkPort('host', hostPort);
  checkPort('container', containerPort);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) {
    throw invalid(OPERATION, `protocol ${JSON.stringify(protocol)} is none of tcp, udp and sctp`);
  }
  const [host, container] = [parseIp(hostIp, OPERATION), parseIp(containerIp, OPERATION)];
  if (host.family !== container.family) {
    throw invalid(OPERATION, `address ${hostIp} cannot be translated to ${containerIp} of another family`);
  }
  if (formatIp(host.bytes) === '::1') {
    throw invalid(
      OPERATION,
      `port ${hostPort}/${protocol} on ::1 cannot be published by rules`,
      'the kernel routes nothing from ::1 to another machine: run a proxy, or publish on 127.0.0.1',
    );
  }
  if (Buffer.byteLength(comment ?? '') > 100) throw invalid(OPERATION, 'a comment is longer than 100 bytes');
}

function checkLink({ protocol, fromIp, toIp, port }: FirewallLink): void {
  checkPort('linked', port);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) {
    throw invalid(OPERATION, `protocol ${JSON.stringify(protocol)} is none of tcp, udp and sctp`);
  }
  for (const address of [fromIp, toIp]) {
    if (!isIPv4(address))
      throw invalid(OPERATION, `${JSON.stringify(address)} of a link is no address of IPv4`);
  }
}

/** Refuses a policy that contradicts itself. @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
export function checkPolicy({ networks, ports, links = [] }: FirewallPolicy): void {
  for (const link of links) checkLink(link);
  const bridges = new Set<string>();
  const known: [Subnet, string][] = [];
  for (const { bridge, subnets } of networks) {
    value.ifname(bridge);
    if (bridges.has(bridge)) throw invalid(OPERATION, `bridge ${bridge} stands there twice`);
    bridges.add(bridge);
    for (const subnet of subnets) {
      const range = parseSubnet(subnet, OPERATION);
      const other = known.find(([each]) => overlaps(each, range));
      if (other !== undefined) throw invalid(OPERATION, `${subnet} of ${bridge} overlaps with ${other[1]}`);
      known.push([range, `that of ${bridge}`]);
    }
  }
  const taken = new Map<string, PublishedPort>();
  for (const port of ports) {
    checkPublishedPort(port);
    const key = `${formatIp(parseIp(port.hostIp).bytes)} port ${port.hostPort}/${port.protocol}`;
    if (taken.has(key)) throw invalid(OPERATION, `${key} is published twice`);
    taken.set(key, port);
  }
}

/** The addresses of a subnet. */
export interface SubnetRange {
  readonly family: number;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  /** The address behind the last, unless that is the last there is. */
  readonly end: Uint8Array | undefined;
}

/** Reads a subnet; the bits of the host may be set. */
export function subnetRange(subnet: string): SubnetRange {
  const { bytes, family, prefixLength } = networkOf(parsePrefix(subnet, OPERATION));
  const bits = BigInt(bytes.length * 8);
  const first = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const end = first + (1n << (bits - BigInt(prefixLength)));
  const address = (number: bigint): Uint8Array =>
    Uint8Array.from(Buffer.from(number.toString(16).padStart(bytes.length * 2, '0'), 'hex'));
  return {
    family,
    first: bytes,
    last: address(end - 1n),
    end: end >> bits === 0n ? address(end) : undefined,
  };
}
