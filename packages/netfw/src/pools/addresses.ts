import { NsError } from '@ns/errors';

import { invalid } from '../invalid.js';
import { formatNumber, parseNumber, parseSubnet, type Subnet } from './prefix.js';

const OPERATION = 'allocate an address';

/** What {@link AddressPool} is made from. */
export interface AddressPoolOptions {
  /** `172.17.0.0/16`. */
  readonly subnet: string;
  /** Addresses are taken from this part of it, for those that nobody names. Default: all. */
  readonly range?: string | undefined;
  /** Default: the first address that may be used. */
  readonly gateway?: string | undefined;
  /** What live state shows as used: the addresses of containers, and those that are not to be given. */
  readonly used?: Iterable<string> | undefined;
}

/**
 * The addresses of one subnet. Nothing is kept on disk: it is built anew from the addresses that containers have.
 *
 * @remarks
 * The network's own address, the broadcast address of IPv4 and the gateway are never given. Addresses go round: one that
 * was released comes back only when those behind it have been given, so that what still talks to a container that is
 * gone does not soon talk to another.
 *
 * @example
 * ```ts
 * const pool = new AddressPool({ subnet: '172.17.0.0/16', used: ['172.17.0.2'] });
 * pool.gateway; // '172.17.0.1'
 * pool.allocate(); // '172.17.0.3'
 * pool.allocate('172.17.5.5'); // '172.17.5.5'
 * ```
 */
export class AddressPool {
  readonly gateway: string;
  readonly prefixLength: number;
  readonly #subnet: Subnet;
  readonly #range: Subnet;
  readonly #used = new Set<bigint>();
  readonly #gateway: bigint;
  #next: bigint;

  /** @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
  constructor({ subnet, range = subnet, gateway, used = [] }: AddressPoolOptions) {
    this.#subnet = parseSubnet(subnet, OPERATION);
    this.#range = parseSubnet(range, OPERATION);
    const { version, first, last } = this.#subnet;
    if (this.#range.version !== version || this.#range.first < first || this.#range.last > last) {
      throw invalid(OPERATION, `range ${range} does not lie in ${subnet}`);
    }
    this.prefixLength = this.#subnet.prefixLength;
    this.#gateway = gateway === undefined ? this.#firstUsable() : this.#read(gateway);
    this.gateway = formatNumber(version, this.#gateway);
    for (const address of used) {
      const read = parseNumber(address.split('/')[0]!, OPERATION);
      // What lies elsewhere does not concern this subnet.
      if (read.version === version && read.number >= first && read.number <= last)
        this.#used.add(read.number);
    }
    this.#next = this.#range.first;
  }

  /**
   * Take an address: a given one, or the next that is free.
   *
   * @throws NsError `ERR_NS_CONFLICT` when it is taken, or none is left. `ERR_NS_INVALID_ARGUMENT` for one that does not
   * belong to the subnet, or is its first, its broadcast address or its gateway.
   */
  allocate(address?: string): string {
    const number = address === undefined ? this.#findFree() : this.#read(address);
    if (number === this.#gateway) throw invalid(OPERATION, `${address} is the gateway`);
    if (this.#used.has(number)) {
      throw new NsError('ERR_NS_CONFLICT', {
        operation: OPERATION,
        message: `${address} is taken`,
        hint: 'choose another address, or none and one is found',
      });
    }
    this.#used.add(number);
    return formatNumber(this.#subnet.version, number);
  }

  /** Give an address back. Returns whether it was taken. */
  release(address: string): boolean {
    return this.#used.delete(parseNumber(address, OPERATION).number);
  }

  /** Whether an address is taken. */
  has(address: string): boolean {
    return this.#used.has(parseNumber(address, OPERATION).number);
  }

  #findFree(): bigint {
    const { first, last } = this.#range;
    // More are not taken than this, so one of so many tries is free, if there is one at all.
    const tries = BigInt(this.#used.size) + 4n;
    let number = this.#next;
    for (let attempt = 0n; attempt < tries && attempt <= last - first; attempt++) {
      if (number > last) number = first;
      if (this.#isUsable(number) && number !== this.#gateway && !this.#used.has(number)) {
        this.#next = number + 1n;
        return number;
      }
      number++;
    }
    throw new NsError('ERR_NS_CONFLICT', {
      operation: OPERATION,
      message: `all addresses from ${formatNumber(this.#subnet.version, first)} to ${formatNumber(this.#subnet.version, last)} are taken`,
      hint: 'remove containers that nobody needs, or make a network with a larger subnet',
    });
  }

  #firstUsable(): bigint {
    const { first, last } = this.#subnet;
    return last - first < 2n ? first : first + 1n;
  }

  /** A subnet of one or two addresses (RFC 3021) gives all of them. */
  #isUsable(number: bigint): boolean {
    const { version, first, last } = this.#subnet;
    if (last - first < 2n) return true;
    return number !== first && (version === 6 || number !== last);
  }

  #read(address: string): bigint {
    const { version, first, last } = this.#subnet;
    const read = parseNumber(address, OPERATION);
    const name = `${formatNumber(version, first)}/${this.prefixLength}`;
    if (read.version !== version || read.number < first || read.number > last) {
      throw invalid(OPERATION, `${address} does not lie in ${name}`);
    }
    if (!this.#isUsable(read.number)) {
      throw invalid(
        OPERATION,
        `${address} is the ${read.number === first ? 'network' : 'broadcast'} address of ${name}`,
      );
    }
    return read.number;
  }
}
