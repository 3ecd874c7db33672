import { readFileSync } from 'node:fs';

import { NsError } from '@ns/errors';

import { formatIp, parseIp } from '../link/ip.js';
import { invalid } from '../invalid.js';

/** A port of the host that is taken or wanted. */
export interface HostPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** `0.0.0.0` and `::` are all addresses of their family, and collide with each. */
  readonly address: string;
  readonly port: number;
}

/** First and last port, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What {@link PortPool} is made from. */
export interface PortPoolOptions {
  /** Where ports are taken from that nobody names. Default: {@link readEphemeralRange}. */
  readonly ephemeral?: PortRange | undefined;
  /** What live state shows as published. */
  readonly used?: Iterable<HostPort> | undefined;
  /** Whether a process of the host has a port, such as {@link PortPool} cannot know. Default: nobody has. */
  readonly isTaken?: ((port: HostPort) => boolean) | undefined;
}

const OPERATION = 'allocate a port';
const IPV4_ANY = '0.0.0.0';
const IPV6_ANY = '::';

/** The kernel's range for ports that nobody names. See ip(7), `ip_local_port_range`. */
export function readEphemeralRange(path = '/proc/sys/net/ipv4/ip_local_port_range'): PortRange {
  const [first, last] = readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
  if (first === undefined || last === undefined || !(first <= last)) {
    throw new NsError('ERR_NS_CORRUPT', { operation: OPERATION, path, message: 'is no range of ports' });
  }
  return { first, last };
}

/**
 * The ports of the host, by protocol and address. Nothing is kept on disk: it is built anew from those that are published.
 *
 * @example
 * ```ts
 * const ports = new PortPool({ isTaken: isPortTaken });
 * ports.allocate('tcp', '0.0.0.0'); // 32768
 * ports.allocate('tcp', '0.0.0.0', 8080); // 8080
 * ports.allocate('tcp', '127.0.0.1', { first: 8080, last: 8090 }); // 8081
 * ```
 */
export class PortPool {
  readonly #addresses = new Map<string, Set<string>>();
  readonly #ephemeral: PortRange;
  readonly #isTaken: (port: HostPort) => boolean;
  readonly #next = new Map<string, number>();

  /** @throws NsError `ERR_NS_INVALID_ARGUMENT`. */
  constructor({ ephemeral = readEphemeralRange(), used = [], isTaken = () => false }: PortPoolOptions = {}) {
    checkRange(ephemeral);
    this.#ephemeral = ephemeral;
    this.#isTaken = isTaken;
    for (const port of used) this.#add(port);
  }

  /**
   * Take a port: a given one, the first that is free of a range, or the next of the ephemeral range.
   *
   * @throws NsError `ERR_NS_CONFLICT` when it is taken, or none is left. `ERR_NS_INVALID_ARGUMENT`.
   */
  allocate(protocol: HostPort['protocol'], address: string, wanted?: number | PortRange): number {
    const text = formatIp(parseIp(address, OPERATION).bytes);
    if (typeof wanted === 'number') {
      checkRange({ first: wanted, last: wanted });
      if (this.#take({ protocol, address: text, port: wanted })) return wanted;
      throw new NsError('ERR_NS_CONFLICT', {
        operation: OPERATION,
        message: `port ${wanted}/${protocol} on ${text} is taken`,
        hint: 'stop what listens there (`ss -lnp` shows it), or publish on another port',
      });
    }
    const range = wanted ?? this.#ephemeral;
    checkRange(range);
    const key = `${protocol} ${text}`;
    // Ports that nobody named go round, so that one that was released is not soon another's.
    const start = wanted === undefined ? (this.#next.get(key) ?? range.first) : range.first;
    const count = range.last - range.first + 1;
    for (let index = 0; index < count; index++) {
      const port = range.first + ((start - range.first + index) % count);
      if (!this.#take({ protocol, address: text, port })) continue;
      if (wanted === undefined) this.#next.set(key, port + 1 > range.last ? range.first : port + 1);
      return port;
    }
    throw new NsError('ERR_NS_CONFLICT', {
      operation: OPERATION,
      message: `all ports from ${range.first} to ${range.last}/${protocol} on ${text} are taken`,
      hint: 'publish on another range or address',
    });
  }

  /** Give a port back. Returns whether it was taken. */
  release({ protocol, address, port }: HostPort): boolean {
    const addresses = this.#addresses.get(`${protocol} ${port}`);
    return addresses?.delete(formatIp(parseIp(address, OPERATION).bytes)) ?? false;
  }

  #add({ protocol, address, port }: HostPort): void {
    const key = `${protocol} ${port}`;
    const addresses = this.#addresses.get(key) ?? new Set();
    addresses.add(formatIp(parseIp(address, OPERATION).bytes));
    this.#addresses.set(key, addresses);
  }

  #take(port: HostPort): boolean {
    const others = this.#addresses.get(`${port.protocol} ${port.port}`);
    if (others !== undefined && [...others].some((other) => collide(other, port.address))) return false;
    if (this.#isTaken(port)) return false;
    this.#add(port);
    return true;
  }
}

/** Whether two listeners of one port cannot be at once. */
function collide(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.includes(':') !== b.includes(':')) return false;
  return [IPV4_ANY, IPV6_ANY].some((any) => a === any || b === any);
}

function checkRange({ first, last }: PortRange): void {
  for (const port of [first, last]) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw invalid(OPERATION, `port ${port} is not from 1 to 65535`);
    }
  }
  if (first > last) throw invalid(OPERATION, `range ${first}-${last} ends before it begins`);
}
