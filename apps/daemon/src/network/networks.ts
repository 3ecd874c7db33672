import type { ContainerNetwork } from '@ns/execdriver';
import type { FirewallPolicy } from '@ns/netfw';

import { formatNs, nowNs } from '../engine/clock.js';
import type { EtcNetwork } from '../engine/etc-files.js';
import type { EventBus } from '../engine/events.js';
import type { Paths } from '../engine/paths.js';
import type { ContainerRecord } from '../engine/record.js';
import type { Logger } from '../host/logger.js';
import { readAttachment, removeAttachment, writeAttachment } from './attachment-file.js';
import { Bridges } from './bridges.js';
import type { NetworkConfig } from './config.js';
import { ContainerLinks } from './container-links.js';
import { containerNetwork } from './container-network.js';
import { ContainerPorts, NO_PORTS } from './container-ports.js';
import type { Attachment, Endpoint } from './endpoint.js';
import { Firewall } from './firewall.js';
import type { LinkedPort } from './link-rules.js';
import { type Network, notConnected, parseMode } from './network.js';
import { Places } from './places.js';
import type { HeldPorts } from './ports.js';
import type { NetworkTable } from './table.js';
import { type WantedNetwork, wantedNetworks } from './wanted.js';

/** What the networks of a daemon work with. */
export interface NetworksParts {
  readonly config: NetworkConfig;
  readonly table: NetworkTable;
  readonly paths: Paths;
  readonly events: EventBus;
  readonly logger: Logger;
}

interface Connected {
  readonly attachment: Attachment;
  readonly ports: HeldPorts;
}

const NOWHERE: Attachment = { version: 1, endpoints: [], ports: [] };

/**
 * The networks of running containers: addresses, bridges, published ports and rules.
 *
 * @remarks
 * Nothing of the machine is touched before the first container needs it. What containers have is known from the
 * containers alone, so that a daemon that is killed, or rules that are flushed, can be put right.
 */
export class Networks implements Disposable {
  readonly config: NetworkConfig;
  readonly table: NetworkTable;
  /** When the built-in networks came to be: with the daemon. RFC 3339. */
  readonly created: string = formatNs(nowNs());
  readonly #paths: Paths;
  readonly #events: EventBus;
  readonly #logger: Logger;
  readonly #bridges: Bridges;
  readonly #firewall: Firewall;
  readonly #places: Places;
  readonly #ports: ContainerPorts;
  readonly #connected = new Map<string, Connected>();
  readonly #links: ContainerLinks;

  constructor({ config, table, paths, events, logger }: NetworksParts) {
    this.config = config;
    this.table = table;
    this.#paths = paths;
    this.#events = events;
    this.#logger = logger;
    this.#bridges = new Bridges(config, logger);
    this.#firewall = new Firewall(() => this.#policy(), logger);
    this.#places = new Places({
      config,
      table,
      bridges: this.#bridges,
      onActive: () => this.#firewall.outdate(),
    });
    this.#links = new ContainerLinks(table, (id) => this.of(id)?.endpoints ?? []);
    this.#ports = new ContainerPorts(config, table, logger);
  }

  /** What a running container has; `undefined` without a network of the engine's. */
  of(id: string): Attachment | undefined {
    return this.#connected.get(id)?.attachment;
  }

  /** The containers that are on a network, by id. */
  membersOf(network: Network): (readonly [container: string, endpoint: Endpoint])[] {
    return [...this.#connected].flatMap(([container, { attachment }]) =>
      attachment.endpoints
        .filter(({ networkId }) => networkId === network.id)
        .map((endpoint) => [container, endpoint] as const),
    );
  }

  /**
   * Give a container that is about to run its addresses and ports. Its interfaces are made by its own start.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND` for a network, `ERR_NS_CONFLICT` for an address or port that is taken.
   * Nothing is left then.
   */
  connect(record: ContainerRecord): void {
    if (!this.#isConnecting(record)) return;
    this.disconnect(record);
    const endpoints = this.#places.endpoints(record);
    let ports: HeldPorts | undefined;
    try {
      for (const { networkId } of endpoints) this.#places.activate(networkId);
      ports = this.#ports.publish(record, endpoints[0]);
      this.#keep(record.id, endpoints, ports);
      this.#refreshLinks(record.id);
      if (this.config.iptables) this.#firewall.publish(ports.rules);
    } catch (error) {
      this.#connected.delete(record.id);
      ports?.close();
      this.#places.release(endpoints);
      removeAttachment(this.#paths.container(record.id).network);
      // Rules that were made before the failure, if any, are found and removed by the next comparison.
      this.#firewall.outdate();
      throw error;
    }
    for (const endpoint of endpoints) this.#tell('connect', endpoint, record.id);
  }

  /** Give back what a container had: its run is over, or did not begin. */
  disconnect(record: Pick<ContainerRecord, 'id'>): void {
    const connected = this.#connected.get(record.id);
    removeAttachment(this.#paths.container(record.id).network);
    if (connected === undefined) return;
    this.#connected.delete(record.id);
    const { attachment, ports } = connected;
    try {
      const isLinked = this.#refreshLinks(record.id);
      this.#links.forget(record.id);
      if (this.config.iptables) this.#firewall.unpublish(ports.rules);
      if (isLinked) this.#firewall.publish([]);
    } catch (error) {
      this.#logger.error(`container ${record.id}: its published ports cannot be taken back`, error);
    }
    ports.close();
    this.#places.release(attachment.endpoints);
    for (const endpoint of attachment.endpoints) this.#tell('disconnect', endpoint, record.id);
  }

  /**
   * Give a container that runs a place on another network.
   *
   * @param pid - A process of its.
   * @throws {@link NsError} `ERR_NS_CONFLICT` for an address that is taken, and as {@link connect}. Nothing has changed then.
   */
  async attach(
    record: ContainerRecord,
    pid: number,
    { network, settings }: WantedNetwork,
  ): Promise<Endpoint> {
    const before = this.#connected.get(record.id) ?? { attachment: NOWHERE, ports: NO_PORTS };
    const { endpoints } = before.attachment;
    const endpoint = this.#places.endpoint({ network, settings }, record, endpoints);
    let ports = before.ports;
    try {
      this.#places.activate(network.id);
      if (endpoints.length === 0) ports = this.#ports.publish(record, endpoint);
      this.#keep(record.id, [...endpoints, endpoint], ports);
      const isRouted = endpoints.some(({ gateways }) => gateways.length > 0);
      const one = {
        version: 1,
        endpoints: [endpoint],
        ports: endpoints.length === 0 ? ports.bindings : [],
      } as const;
      const added = this.containerNetwork(one);
      await this.#bridges.connect(
        pid,
        { ...added, gateways: isRouted ? [] : added.gateways },
        this.#paths.execRoot,
      );
      if (this.config.iptables) this.#firewall.publish(ports === before.ports ? [] : ports.rules);
    } catch (error) {
      this.#bridges.removePort(endpoint.hostName);
      if (ports !== before.ports) ports.close();
      this.#keep(record.id, endpoints, before.ports);
      this.#places.release([endpoint]);
      this.#firewall.outdate();
      throw error;
    }
    this.#tell('connect', endpoint, record.id);
    return endpoint;
  }

  /**
   * Take a container that runs off a network. Its ports move to the network that is its first then, and so does its
   * default route.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND` when it is not on it.
   */
  async detach(record: ContainerRecord, pid: number, network: Network): Promise<Endpoint> {
    const { attachment, ports } = this.#connected.get(record.id) ?? { attachment: NOWHERE, ports: NO_PORTS };
    const endpoint = attachment.endpoints.find(({ networkId }) => networkId === network.id);
    if (endpoint === undefined) throw notConnected(record, network);
    const rest = attachment.endpoints.filter((one) => one !== endpoint);
    const isFirst = attachment.endpoints[0] === endpoint;
    this.#bridges.removePort(endpoint.hostName);
    if (isFirst) {
      this.#keep(record.id, rest, NO_PORTS);
      if (this.config.iptables) this.#firewall.unpublish(ports.rules);
      ports.close();
      const moved = this.#ports.holdAgain({ ...attachment, endpoints: rest }, record.name);
      this.#keep(record.id, rest, moved);
      if (this.config.iptables) this.#firewall.publish(moved.rules);
      if (moved.rules.length > 0) this.#bridges.setHairpin(rest[0]!.hostName);
    } else this.#keep(record.id, rest, ports);
    this.#places.release([endpoint]);
    this.#tell('disconnect', endpoint, record.id);
    const routed = attachment.endpoints.find(({ gateways }) => gateways.length > 0);
    const next = rest.find(({ gateways }) => gateways.length > 0);
    if (routed === endpoint && next !== undefined) {
      await this.#bridges.route(pid, next.gateways, this.#paths.execRoot);
    }
    return endpoint;
  }

  #keep(id: string, endpoints: readonly Endpoint[], ports: HeldPorts): void {
    const attachment: Attachment = { version: 1, endpoints, ports: ports.bindings };
    writeAttachment(this.#paths.container(id).network, attachment);
    this.#connected.set(id, { attachment, ports });
  }

  /**
   * Let a container reach ports of others that it is linked to, on networks whose containers do not reach each other. It
   * lasts until the container is disconnected, and holds for those others as long as they run.
   */
  link(id: string, ports: readonly LinkedPort[]): void {
    this.adoptLinks(id, ports);
    if (this.#refreshLinks(id)) this.#firewall.publish([]);
  }

  /** The same for a container that an earlier daemon started, before {@link repair}. */
  adoptLinks(id: string, ports: readonly LinkedPort[]): void {
    this.#links.set(id, ports);
  }

  /** True when rules of links are to be made or removed, for a container that comes or goes. */
  #refreshLinks(id: string): boolean {
    if (!this.#links.concern(id) || !this.config.iptables) return false;
    this.#firewall.outdate();
    this.#answerForLinks();
    return true;
  }

  #answerForLinks(): void {
    for (const bridge of new Set(this.#links.rules().map((link) => link.bridge)))
      this.#bridges.answerForPorts(bridge);
  }

  /** Take up what a container has that an earlier daemon started. */
  adopt(record: ContainerRecord): void {
    if (!this.#isConnecting(record)) return;
    const attachment = readAttachment(this.#paths.container(record.id).network);
    if (attachment === undefined) {
      this.#logger.warn(`container ${record.id}: its addresses are not known any more`);
      return;
    }
    try {
      for (const endpoint of attachment.endpoints) this.#places.claim(endpoint);
    } catch (error) {
      this.#logger.error(`container ${record.id}: its network cannot be taken up`, error);
      return;
    }
    const ports = this.#ports.holdAgain(attachment, record.name);
    this.#connected.set(record.id, { attachment, ports });
  }

  /** When all that run are adopted: bring bridges and rules to what they need, or take them away. */
  repair(): void {
    try {
      for (const { attachment } of this.#connected.values()) {
        for (const endpoint of attachment.endpoints) {
          const index = this.#places.activate(endpoint.networkId);
          this.#bridges.join(endpoint.hostName, index);
        }
      }
      if (!this.config.iptables || this.config.bridge === 'none') return;
      this.#answerForLinks();
      if (this.#connected.size > 0) this.#firewall.ensure();
      else this.#firewall.removeStale();
    } catch (error) {
      // The daemon serves all the same: whoever needs a network hears of it then.
      if (this.#connected.size > 0) this.#logger.error('networks: cannot be put right', error);
      else this.#logger.debug(`networks: ${String(error)}`);
    }
  }

  /** What the driver is told of a container's network. */
  containerNetwork(attachment: Attachment): ContainerNetwork {
    return containerNetwork(attachment, this.table, this.#bridges);
  }

  /** @throws {@link NsError} `ERR_NS_NOT_FOUND` when a container names a network that there is not. */
  check(record: ContainerRecord): void {
    if (this.#isConnecting(record)) wantedNetworks(record, this.table);
  }

  /** What the files of a container would be made of, for a check: an address stands for those that it will have. */
  standIn(record: ContainerRecord): EtcNetwork {
    return this.#isConnecting(record) ? { hostGateway: ['192.0.2.1'] } : {};
  }

  /** What a container would have: for explain. Nothing is taken or made. */
  plan(record: ContainerRecord): Attachment | undefined {
    if (!this.#isConnecting(record)) return undefined;
    const endpoints = this.#places.endpoints(record);
    this.#places.release(endpoints);
    return { version: 1, endpoints, ports: [] };
  }

  /** The network with its subnets, which the default one may not have had until now. */
  described(network: Network): Network {
    return this.#places.described(network);
  }

  /** A free subnet for a new network. */
  chooseSubnet(): Network['subnets'][number] {
    return this.#bridges.choose(this.table.all());
  }

  /** A network is gone: so is its bridge. */
  forget(network: Network): void {
    if (this.#places.forget(network)) this.#firewall.outdate();
    this.#bridges.remove(network);
  }

  #isConnecting({ hostConfig, config }: ContainerRecord): boolean {
    const mode = parseMode(hostConfig.NetworkMode, this.config.bridge !== 'none');
    return mode.kind === 'network' && config.NetworkDisabled !== true;
  }

  #policy(): FirewallPolicy {
    return {
      networks: this.#places.active(),
      ports: [...this.#connected.values()].flatMap(({ ports }) => ports.rules),
      links: this.#links.rules(),
    };
  }

  #tell(action: string, { networkId, network }: Endpoint, container: string): void {
    this.#events.publish('network', action, networkId, { container, name: network, type: 'bridge' });
  }

  /** Containers keep what they have. */
  [Symbol.dispose](): void {
    for (const { ports } of this.#connected.values()) ports.close();
    this.#connected.clear();
    this.#firewall[Symbol.dispose]();
    this.#bridges[Symbol.dispose]();
  }
}
