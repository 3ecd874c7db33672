import { NsError } from '@ns/errors';
import {
  addRouteMessage,
  connectInterfaces,
  type ContainerNetwork,
  deleteLink,
  enableForwarding,
  ensureBridge,
  getLink,
  listAddresses,
  type NetlinkSocket,
  openRtnetlink,
  requestInside,
  setInterface,
  setLink,
} from '@ns/netfw';

import type { Logger } from '../host/logger.js';
import type { NetworkConfig } from './config.js';
import type { Network, Subnet } from './network.js';
import { bridgeAddress, chooseSubnet, isIpv6Subnet, subnetOf } from './subnets.js';

/** The bridges of networks, in the network namespace of the daemon. */
export class Bridges implements Disposable {
  readonly #config: NetworkConfig;
  readonly #logger: Logger;
  #socket: NetlinkSocket | undefined;

  constructor(config: NetworkConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /**
   * Make a network's bridge, or bring it back to what it should be.
   *
   * @returns Its index.
   */
  ensure(network: Network): number {
    const { bridge, subnets, mtu } = network;
    const isOfUser = bridge === this.#config.bridge && this.#config.isBridgeGiven;
    if (isOfUser && getLink(this.#open(), bridge) === undefined) throw this.#noBridge();
    const link = ensureBridge(this.#open(), bridge, {
      addresses: subnets.map(bridgeAddress),
      ...(mtu > 0 && !isOfUser ? { mtu } : {}),
    });
    // Ports on 127.0.0.1 are passed on to it; the rules drop what others send there.
    if (this.#config.iptables) setInterface(bridge, { routeLocalnet: true });
    if (this.#config.ipForward) this.#forward(subnets);
    return link.index;
  }

  #forward(subnets: readonly Subnet[]): void {
    const { ipv4, ipv6 } = enableForwarding({ ipv4: true, ipv6: subnets.some(isIpv6Subnet) });
    if (ipv4) this.#logger.info('networks: this machine forwards packets of IPv4 from now on');
    if (ipv6) this.#logger.info('networks: this machine forwards packets of IPv6 from now on');
  }

  /** The index of a bridge that may not be there. */
  find(network: Network): number | undefined {
    return getLink(this.#open(), network.bridge)?.index;
  }

  /** Put the host's end of a container's interface into its bridge, if it is not there: somebody made the bridge anew. */
  join(hostName: string, bridge: number): void {
    const link = getLink(this.#open(), hostName);
    if (link !== undefined && link.master !== bridge)
      setLink(this.#open(), hostName, { master: bridge, isUp: true });
  }

  /** Connect a container that runs. @param directory - For programs, where memory may not be executed. */
  connect(pid: number, network: ContainerNetwork, directory: string): Promise<void> {
    return connectInterfaces(this.#open(), { pid }, network, directory);
  }

  /** Give a container that runs default routes. */
  route(pid: number, gateways: readonly string[], directory: string): Promise<void> {
    const messages = gateways.map((gateway) => addRouteMessage({ destination: 'default', gateway }));
    return requestInside({ pid }, messages, directory);
  }

  /** Delete the host's end of a container's interface, and with it the other. */
  removePort(hostName: string): void {
    deleteLink(this.#open(), hostName);
  }

  /** Packets between containers that do not reach each other come to the rules, which let those of links pass. */
  answerForPorts(bridge: string): void {
    setInterface(bridge, { proxyArpPrivate: true });
  }

  /** A container behind this port may call its own published ports. */
  setHairpin(hostName: string): void {
    setLink(this.#open(), hostName, { bridgePort: { hairpin: true } });
  }

  remove(network: Network): void {
    deleteLink(this.#open(), network.bridge);
  }

  /** The subnets that a bridge has addresses of: what an earlier daemon chose, or the user. */
  subnetsOf(bridge: string): Subnet[] {
    const link = getLink(this.#open(), bridge);
    if (link === undefined) return [];
    return listAddresses(this.#open(), link.index)
      .filter(({ scope }) => scope === 'global')
      .map(({ address }) => subnetOf(address, address.split('/', 1)[0]));
  }

  /** A free subnet for a new network. */
  choose(others: readonly Network[]): Subnet {
    return chooseSubnet(this.#open(), others);
  }

  #noBridge(): NsError {
    const { bridge } = this.#config;
    return new NsError('ERR_NS_NOT_FOUND', {
      operation: '--bridge',
      message: `there is no bridge ${bridge}`,
      path: bridge,
      hint: `Make it, with an address (ip link add ${bridge} type bridge), or leave --bridge out.`,
    });
  }

  #open(): NetlinkSocket {
    this.#socket ??= openRtnetlink();
    return this.#socket;
  }

  [Symbol.dispose](): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
