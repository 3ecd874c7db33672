import type { FirewallPolicy } from '@ns/netfw';

import type { ContainerRecord } from '../engine/record.js';
import type { Bridges } from './bridges.js';
import type { NetworkConfig } from './config.js';
import { defaultSubnets } from './default-network.js';
import type { Endpoint } from './endpoint.js';
import type { Network } from './network.js';
import { newEndpoint } from './new-endpoint.js';
import { Pools } from './pools.js';
import { subnetOf } from './subnets.js';
import type { NetworkTable } from './table.js';
import { type WantedNetwork, wantedNetworks } from './wanted.js';

/** What places are made of. */
export interface PlacesParts {
  readonly config: NetworkConfig;
  readonly table: NetworkTable;
  readonly bridges: Bridges;
  /** A network has got its bridge: it was not there, or not known. */
  readonly onActive: () => void;
}

/** The places on networks: who has which address, and the bridges that there have to be. */
export class Places {
  readonly #config: NetworkConfig;
  readonly #table: NetworkTable;
  readonly #bridges: Bridges;
  readonly #onActive: () => void;
  readonly #pools = new Pools();
  /** Networks whose bridge this process has made or found. */
  readonly #active = new Set<string>();

  constructor({ config, table, bridges, onActive }: PlacesParts) {
    this.#config = config;
    this.#table = table;
    this.#bridges = bridges;
    this.#onActive = onActive;
  }

  /**
   * Take a place for a container on each network that it wants.
   *
   * @throws {@link NsError} `ERR_NS_NOT_FOUND`, `ERR_NS_CONFLICT`. Nothing is taken then.
   */
  endpoints(record: ContainerRecord): Endpoint[] {
    const endpoints: Endpoint[] = [];
    try {
      for (const wanted of wantedNetworks(record, this.#table)) {
        endpoints.push(this.endpoint(wanted, record, endpoints));
      }
      return endpoints;
    } catch (error) {
      this.release(endpoints);
      throw error;
    }
  }

  /** Take a place on one more. @param before - Those that it has. @throws {@link NsError} `ERR_NS_CONFLICT` */
  endpoint(
    { network, settings }: WantedNetwork,
    record: ContainerRecord,
    before: readonly Endpoint[],
  ): Endpoint {
    return newEndpoint(this.#pools, this.#resolved(network), settings, record, before);
  }

  /** Take the place that a container has which an earlier daemon started. */
  claim(endpoint: Endpoint): void {
    const network = this.#table.get(endpoint.networkId);
    this.#pools.claim(this.#resolved(network, endpoint), endpoint);
  }

  release(endpoints: readonly Endpoint[]): void {
    for (const { networkId, addresses } of endpoints) {
      const network = this.#table.find(networkId);
      if (network !== undefined) this.#pools.release(network, addresses);
    }
  }

  /** See to it that a network has its bridge. @returns The index of the bridge. */
  activate(id: string): number {
    const network = this.#table.get(id);
    const index = this.#bridges.ensure(this.#resolved(network));
    if (!this.#active.has(id)) {
      this.#active.add(id);
      this.#onActive();
    }
    return index;
  }

  /** A network is gone. @returns Whether it had a bridge. */
  forget({ id }: Network): boolean {
    return this.#active.delete(id);
  }

  /** The networks that rules are made for. */
  active(): FirewallPolicy['networks'] {
    return this.#table
      .all()
      .filter(({ id }) => this.#active.has(id))
      .map(({ bridge, subnets, icc, internal, masquerade }) => ({
        bridge,
        subnets: subnets.map(({ subnet }) => subnet),
        icc,
        internal,
        masquerade,
      }));
  }

  /** The network with its subnets, which the default one may not have had until now. */
  described(network: Network): Network {
    if (network.subnets.length > 0) return network;
    return { ...network, subnets: this.#bridges.subnetsOf(network.bridge) };
  }

  /**
   * The default network gets its subnet when it is first needed, and keeps it.
   *
   * @param known - A container that is on it, for when somebody deleted its bridge while no daemon ran.
   */
  #resolved(network: Network, known?: Endpoint): Network {
    if (network.subnets.length > 0) return network;
    const others = this.#table.all().filter(({ id }) => id !== network.id);
    const subnets =
      known !== undefined && this.#bridges.subnetsOf(network.bridge).length === 0
        ? known.addresses.map((address, index) => subnetOf(address, known.gateways[index]))
        : defaultSubnets(this.#config, this.#bridges, others);
    const resolved = { ...network, subnets };
    this.#table.replace(resolved);
    return resolved;
  }
}
