import { AddressPool } from '@ns/netfw';

import { bare, type Endpoint } from './endpoint.js';
import type { Network, Subnet } from './network.js';
import { isIpv6Subnet, prefixLengthOf } from './subnets.js';

/** Addresses that a container asks for. */
export interface WantedAddresses {
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

/**
 * The addresses of all networks. In memory: they are those of the containers that run, and {@link Pools.claim} gives
 * them back when the daemon starts again.
 */
export class Pools {
  readonly #pools = new Map<string, AddressPool>();

  /**
   * Addresses of each subnet of a network, with prefix lengths. All, or none.
   *
   * @throws {@link NsError} `ERR_NS_CONFLICT`, `ERR_NS_INVALID_ARGUMENT`
   */
  allocate(network: Network, wanted: WantedAddresses): string[] {
    const addresses: string[] = [];
    try {
      for (const subnet of network.subnets) {
        const one = isIpv6Subnet(subnet) ? wanted.ipv6 : wanted.ipv4;
        const address = this.#pool(network, subnet).allocate(one);
        addresses.push(`${address}/${prefixLengthOf(subnet.subnet)}`);
      }
      return addresses;
    } catch (error) {
      this.release(network, addresses);
      throw error;
    }
  }

  release(network: Network, addresses: readonly string[]): void {
    for (const address of addresses) {
      const subnet = network.subnets.find((one) => isIpv6Subnet(one) === address.includes(':'));
      if (subnet !== undefined) this.#pool(network, subnet).release(bare(address));
    }
  }

  /** A container that runs has these. */
  claim(network: Network, { addresses }: Pick<Endpoint, 'addresses'>): void {
    for (const address of addresses) {
      const subnet = network.subnets.find((one) => isIpv6Subnet(one) === address.includes(':'));
      if (subnet === undefined) continue;
      const pool = this.#pool(network, subnet);
      if (!pool.has(bare(address))) pool.allocate(bare(address));
    }
  }

  #pool(network: Network, subnet: Subnet): AddressPool {
    const key = `${network.id} ${subnet.subnet}`;
    const pool = this.#pools.get(key) ?? new AddressPool(subnet);
    this.#pools.set(key, pool);
    return pool;
  }
}
