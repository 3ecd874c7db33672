import type { Message } from '../netlink/message.js';
import { addAddressMessage } from '../link/address-messages.js';
import { assertLinkName, newLinkMessage, setLinkMessage } from '../link/link-messages.js';
import type { BridgePortOptions, IpvlanMode, MacvlanMode, Netns } from '../link/link-spec.js';
import { parseIp, parsePrefix } from '../link/ip.js';
import { macOfIpv4 } from '../link/mac.js';
import { addRouteMessage, type RouteSpec } from '../link/route-messages.js';
import { invalid } from '../invalid.js';
import { AF } from '@ns/syscall';

/** Index of `lo`, the first link of every network namespace. */
const LO_INDEX = 1;

/** What an interface of a container is made of. */
export type InterfaceLink =
  | {
      readonly kind: 'veth';
      /** Name of the end that stays on the host. */
      readonly hostName: string;
      /** Index of the bridge that the host's end becomes a port of. */
      readonly bridge?: number | undefined;
      readonly bridgePort?: BridgePortOptions | undefined;
    }
  | { readonly kind: 'macvlan'; readonly parent: number; readonly mode?: MacvlanMode | undefined }
  | { readonly kind: 'ipvlan'; readonly parent: number; readonly mode?: IpvlanMode | undefined };

/** An interface of a container. */
export interface ContainerInterface {
  /** As the container sees it: `eth0`. */
  readonly name: string;
  readonly link: InterfaceLink;
  /** `172.17.0.2/16`, `fd00::2/64`. Without an IPv6 address the interface makes no link-local one either. */
  readonly addresses?: readonly string[] | undefined;
  /** Default: from the first IPv4 address as Docker does, else the kernel's choice. */
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  /** Index in the container's namespace. Default: 2 for the first interface, 3 for the second… */
  readonly index?: number | undefined;
}

/** A route of a container. */
export interface ContainerRoute extends Omit<RouteSpec, 'link'> {
  /** Name of the interface that packets leave through. */
  readonly interface?: string | undefined;
}

/** The network of a container. */
export interface ContainerNetwork {
  readonly interfaces: readonly ContainerInterface[];
  /** IPv4 and IPv6 addresses of the default routers. */
  readonly gateways?: readonly string[] | undefined;
  readonly routes?: readonly ContainerRoute[] | undefined;
}

/** The requests that make a network: some act on the host, the others in the container. */
export interface NetworkPlan {
  /** Makes the links, with one end in the container. Sent first, through a socket of the host's namespace. */
  readonly host: readonly Message[];
  /** Brings them up with their addresses and routes. Sent through a socket of the container's namespace. */
  readonly container: readonly Message[];
}

const indexOf = ({ index }: ContainerInterface, position: number): number => index ?? LO_INDEX + 1 + position;

/**
 * The requests that give a container its network. Pure.
 *
 * @remarks
 * The indices of a new namespace's links are chosen beforehand (`lo` is 1), so nothing has to be looked up between the
 * requests: they are two messages to send, one here and one there.
 *
 * @param netns - The container's namespace, as the sender of the host's part names it.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for what the kernel would refuse: a name, an address, a route without way
 * out, two interfaces of one name.
 */
export function planNetwork(network: ContainerNetwork, netns: Netns): NetworkPlan {
  const { interfaces } = network;
  assertUnique(
    'name',
    interfaces.map(({ name }) => name),
  );
  assertUnique('index', interfaces.map(indexOf));
  return {
    host: interfaces.flatMap((item, position) => hostMessages(item, indexOf(item, position), netns)),
    container: [
      setLinkMessage(LO_INDEX, { isUp: true }),
      ...interfaces.flatMap((item, position) => insideMessages(item, indexOf(item, position))),
      ...routeMessages(network),
    ],
  };
}

function assertUnique(kind: string, values: readonly (string | number)[]): void {
  const twice = values.find((value, at) => values.indexOf(value) !== at);
  if (twice !== undefined) throw invalid('network', `two interfaces have the ${kind} ${twice}`);
}

/** Creates the link of an interface. */
function hostMessages(item: ContainerInterface, index: number, netns: Netns): Message[] {
  const { name, link, mtu } = item;
  assertLinkName(name, `interface ${name}`);
  const mac = item.mac ?? defaultMac(item);
  // An ipvlan has the MAC of its parent.
  const inside = { name, index, mtu, netns, ...(link.kind === 'ipvlan' ? {} : { mac }) };
  if (link.kind !== 'veth') return [newLinkMessage({ ...inside, ...link })];
  const { hostName, bridge, bridgePort } = link;
  const host = { isUp: true, ...(bridge === undefined ? {} : { master: bridge }) };
  return [
    // The host's end is the link, with an index: the kernel heeds that of a peer only then. The container's end cannot be
    // the link: before Linux 6.12 its index is looked for among those of the host, where it is taken.
    named(
      newLinkMessage({ kind: 'veth', name: hostName, index: hostIndex(hostName), mtu, peer: inside }),
      `create veth ${hostName}`,
    ),
    named(setLinkMessage(hostName, host), `bring ${hostName} up`),
    ...(bridgePort === undefined ? [] : [setLinkMessage(hostName, { bridgePort })]),
  ];
}

/** An index that no kernel comes to by counting, the same for the same name: names are unique on the host. */
function hostIndex(hostName: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of Buffer.from(hostName)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return 0x1000_0000 | (hash & 0x0fff_ffff);
}

function defaultMac({ addresses = [] }: ContainerInterface): string | undefined {
  const first = addresses.map((text) => parsePrefix(text)).find(({ family }) => family === AF.AF_INET);
  return first === undefined ? undefined : macOfIpv4(first.bytes);
}

/** Brings an interface up with its addresses. */
function insideMessages({ name, addresses = [] }: ContainerInterface, index: number): Message[] {
  const hasIpv6 = addresses.some((address) => parsePrefix(address).family === AF.AF_INET6);
  // Before it is up: the kernel makes the address at that moment.
  const quiet = hasIpv6 ? [] : [named(setLinkMessage(index, { ipv6LinkLocal: 'none' }), `configure ${name}`)];
  return [
    // A kernel without IPv6 has nothing to keep quiet.
    ...quiet.map((message) => ({ ...message, tolerate: ['EAFNOSUPPORT', 'EOPNOTSUPP'] })),
    named(setLinkMessage(index, { isUp: true }), `bring ${name} up`),
    ...addresses.map((address) => {
      const isIpv4 = parsePrefix(address).family === AF.AF_INET;
      // The pool gave the address to nobody else: there is nothing to detect, and to wait for.
      const spec = isIpv4 ? { address, broadcast: 'auto' } : { address, skipDuplicateDetection: true };
      return named(addAddressMessage(index, spec), `add address ${address} to ${name}`);
    }),
  ];
}

function routeMessages({ interfaces, gateways = [], routes = [] }: ContainerNetwork): Message[] {
  const all = [
    ...gateways.map((gateway): ContainerRoute => ({ destination: 'default', gateway })),
    ...routes,
  ];
  for (const { gateway } of all) if (gateway !== undefined) parseIp(gateway, 'gateway');
  return all.map(({ interface: name, ...route }) => {
    if (name === undefined) return addRouteMessage(route);
    const position = interfaces.findIndex((item) => item.name === name);
    const item = interfaces[position];
    if (item === undefined) throw invalid(`route to ${route.destination}`, `there is no interface ${name}`);
    return addRouteMessage({ ...route, link: indexOf(item, position) });
  });
}

const named = (message: Message, what: string): Message => ({ ...message, what });
