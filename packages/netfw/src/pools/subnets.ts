import { NsError } from '@ns/errors';

import { invalid } from '../invalid.js';
import { formatSubnet, overlaps, parseSubnet, sizeOf, type Subnet, subnetAt } from './prefix.js';

/** A range of addresses that subnets are cut from. */
export interface SubnetPool {
  /** `192.168.0.0/16`. */
  readonly base: string;
  /** Prefix length of the subnets. */
  readonly size: number;
}

/** Docker's default pools for IPv4: 172.17 to 172.31 by /16, then 192.168 by /20. */
export const DEFAULT_POOLS: readonly SubnetPool[] = [
  ...Array.from({ length: 15 }, (_, index) => ({ base: `172.${17 + index}.0.0/16`, size: 16 })),
  { base: '192.168.0.0/16', size: 20 },
];

/** Subnets that nothing may be cut from, though no route may show it: this machine, and multicast. */
const NEVER = ['127.0.0.0/8', '224.0.0.0/3', '::1/128', 'ff00::/8'].map((text) => parseSubnet(text));

const OPERATION = 'allocate a subnet';

function readPool({ base, size }: SubnetPool): Subnet {
  const subnet = parseSubnet(base, OPERATION);
  const bits = subnet.version === 4 ? 32 : 128;
  if (!Number.isInteger(size) || size < subnet.prefixLength || size > bits) {
    throw invalid(
      OPERATION,
      `subnets of /${size} cannot be cut from ${base}`,
      `use /${subnet.prefixLength} to /${bits}`,
    );
  }
  return subnet;
}

/**
 * The first subnet of the pools that overlaps with nothing that is used. Pure: the same input gives the same subnet.
 *
 * @param used - What the host routes and what other networks have, as `10.0.0.0/8` or as one address; `default` is
 * passed over. See {@link usedSubnets}.
 * @throws NsError `ERR_NS_CONFLICT` when the pools are exhausted.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a pool that cannot be read.
 */
export function allocateSubnet(used: Iterable<string>, pools: readonly SubnetPool[] = DEFAULT_POOLS): string {
  const taken = [
    ...NEVER,
    ...[...used].filter((text) => text !== 'default').map((text) => parseSubnet(text, OPERATION)),
  ];
  for (const pool of pools) {
    const range = readPool(pool);
    const step = sizeOf(range.version, pool.size);
    for (let first = range.first; first <= range.last;) {
      const subnet = subnetAt(range.version, first, pool.size);
      const obstacle = taken.find((each) => overlaps(each, subnet));
      if (obstacle === undefined) return formatSubnet(subnet);
      // Behind the obstacle at once: a pool of IPv6 has more subnets than can be tried.
      first += ((obstacle.last - first) / step + 1n) * step;
    }
  }
  throw new NsError('ERR_NS_CONFLICT', {
    operation: OPERATION,
    message: `all of ${pools.map(({ base, size }) => `${base} by /${size}`).join(', ')} is used`,
    hint: 'remove networks that nobody needs, or name a subnet',
  });
}

/**
 * Refuse a subnet that a user named when it overlaps with one that another network has.
 *
 * @throws NsError `ERR_NS_CONFLICT` with the one that is in the way, `ERR_NS_INVALID_ARGUMENT`.
 */
export function checkSubnet(subnet: string, used: Iterable<string>): void {
  const wanted = parseSubnet(subnet, OPERATION);
  if (!subnet.includes('/')) throw invalid(OPERATION, `${JSON.stringify(subnet)} has no prefix length`);
  for (const text of used) {
    if (text === 'default' || !overlaps(parseSubnet(text, OPERATION), wanted)) continue;
    throw new NsError('ERR_NS_CONFLICT', {
      operation: OPERATION,
      message: `${subnet} overlaps with ${text}`,
      hint: 'choose another subnet, or none and one is found',
    });
  }
}

/** Link-local and multicast addresses of IPv6, which every link has. */
const LINK_ONLY = /^f(?:e[89ab]|f)[0-9a-f]*:/i;

/** Routes and addresses as rtnetlink lists them, as far as they matter here. */
export interface HostState {
  readonly routes: readonly { readonly destination: string }[];
  readonly addresses: readonly { readonly address: string }[];
}

/** The subnets that a host has in use, from its routes and addresses. The default route says nothing. */
export function usedSubnets({ routes, addresses }: HostState): string[] {
  return [...routes.map(({ destination }) => destination), ...addresses.map(({ address }) => address)].filter(
    (text) => text !== 'default' && !text.endsWith('/0') && !LINK_ONLY.test(text),
  );
}

/**
 * A prefix of unique local addresses (RFC 4193) to cut subnets from: the same for the same identity, and with all
 * likelihood for no other.
 *
 * @param identity - 5 bytes or more that only this host has, such as a hash of `/etc/machine-id`. The first 5 count.
 */
export function uniqueLocalPool(identity: Uint8Array): SubnetPool {
  if (identity.length < 5)
    throw invalid(OPERATION, `an identity of ${identity.length} bytes has less than 5`);
  const hex = Buffer.from(identity.subarray(0, 5)).toString('hex');
  return { base: `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}::/48`, size: 64 };
}
