import { BlockList, isIP } from 'node:net';

import type { IPAMConfig } from '@ns/engine-api';

/** The flags about a network's addresses. */
export interface IpamFlags {
  readonly subnets: readonly string[];
  readonly ranges: readonly string[];
  readonly gateways: readonly string[];
  /** By name. */
  readonly others: Readonly<Record<string, string>>;
}

/**
 * What belongs to which subnet, in Docker's words where it cannot be. Pure.
 *
 * @throws `Error`
 */
export function ipamOf({ subnets, ranges, gateways, others }: IpamFlags): IPAMConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw new Error('every ip-range or gateway must have a corresponding subnet');
  }
  const blocks = subnets.map(blockOf);
  for (const [index, block] of blocks.entries()) {
    const overlaps = blocks.some(
      (other, at) => at < index && (other.has(block.address) || block.has(other.address)),
    );
    if (overlaps) throw new Error('multiple overlapping subnet configuration is not supported');
  }
  const configs: IPAMConfig[] = subnets.map((Subnet) => ({ Subnet }));
  const ownerOf = (what: string, text: string): IPAMConfig => {
    const { address } = blockOf(text);
    const found = configs[blocks.findIndex((block) => block.has(address))];
    if (found === undefined) throw new Error(`no matching subnet for ${what} ${text}`);
    return found;
  };
  for (const range of ranges) {
    const owner = ownerOf('range', range);
    if (owner.IPRange !== undefined) {
      throw new Error(
        `cannot configure multiple ranges (${range}, ${owner.IPRange}) on the same subnet (${owner.Subnet})`,
      );
    }
    owner.IPRange = range;
  }
  for (const gateway of gateways) {
    const owner = ownerOf('gateway', gateway);
    if (owner.Gateway !== undefined) {
      throw new Error(
        `cannot configure multiple gateways (${gateway}, ${owner.Gateway}) for the same subnet (${owner.Subnet})`,
      );
    }
    owner.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(others)) {
    const owner = ownerOf('aux-address', address);
    owner.AuxiliaryAddresses = { ...owner.AuxiliaryAddresses, [name]: address };
  }
  return configs;
}

interface Block {
  readonly address: string;
  readonly has: (address: string) => boolean;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** A subnet, or one address. @throws `Error` */
function blockOf(text: string): Block {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || Number(length ?? 0) > bits) throw new Error(`invalid CIDR address: ${text}`);
  const list = new BlockList();
  list.addSubnet(address, Number(length ?? bits), familyOf(address));
  return { address, has: (other) => list.check(other, familyOf(other)) };
}
