import { isIP, isIPv4 } from 'node:net';

import type { Ulimit } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { parsePrefix } from '@ns/netfw';
import { type Command, Option } from 'commander';

import { DEFAULT_BRIDGE, type NetworkConfig } from './config.js';
import { subnetOf } from './subnets.js';

/** The flags as commander gives them. */
export interface NetworkFlags {
  bridge?: string;
  bip?: string;
  fixedCidr?: string;
  mtu?: string;
  icc: boolean | string;
  ip: string;
  iptables: boolean | string;
  ipForward: boolean | string;
  ipMasq: boolean | string;
  userlandProxy: boolean | string;
  dns?: string[];
  dnsSearch?: string[];
  dnsOpt?: string[];
  defaultUlimit?: string[];
}

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

/** Dockerd's flags about networks. */
export function addNetworkFlags(command: Command): Command {
  const bool = (name: string, text: string): Option =>
    new Option(`--${name} [bool]`, text).default(true, 'true');
  return command
    .option(
      '-b, --bridge <name>',
      `the bridge of the default network, which must exist; none for no default network (default: "${DEFAULT_BRIDGE}", which is made)`,
    )
    .option('--bip <address>', 'the address of the default bridge: 172.20.0.1/16')
    .option('--fixed-cidr <subnet>', 'containers of the default network get addresses of this part')
    .option('--mtu <bytes>', 'the MTU of the default network')
    .addOption(bool('icc', 'let containers of the default network reach each other'))
    .option('--ip <address>', 'where ports are published that name no address', '0.0.0.0')
    .addOption(bool('iptables', 'make rules of the firewall'))
    .addOption(bool('ip-forward', 'let this machine forward packets'))
    .addOption(bool('ip-masq', "give what leaves the default network the host's address"))
    .addOption(bool('userland-proxy', 'serve by a proxy the published ports that rules cannot'))
    .option('--dns <address>', 'a name server for containers, may be repeated', collect)
    .option('--dns-search <domain>', 'a search domain for containers, may be repeated', collect)
    .option('--dns-opt <option>', 'an option of resolv.conf(5) for containers, may be repeated', collect)
    .option('--default-ulimit <limit>', 'a limit for containers that set none: nofile=1024:2048', collect);
}

/**
 * Read the flags.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, naming the flag.
 */
export function networkConfig(flags: NetworkFlags): NetworkConfig {
  const { bridge = DEFAULT_BRIDGE, bip, fixedCidr, ip, dns = [] } = flags;
  if (!/^[^\s/:]{1,15}$/.test(bridge))
    throw bad('--bridge', bridge, 'the name of a bridge, of at most 15 bytes');
  if (flags.bridge !== undefined && flags.bridge !== 'none' && bip !== undefined) {
    throw bad('--bip', bip, 'an address for the default bridge: with --bridge, give that bridge its address');
  }
  if (bip !== undefined) checkPrefix('--bip', bip);
  if (fixedCidr !== undefined) checkPrefix('--fixed-cidr', fixedCidr);
  if (bip !== undefined) subnetOf(bip, bip.split('/', 1)[0], fixedCidr);
  if (isIP(ip) === 0) throw bad('--ip', ip, 'an IP address');
  for (const server of dns) if (isIP(server) === 0) throw bad('--dns', server, 'an IP address');
  return {
    bridge,
    isBridgeGiven: flags.bridge !== undefined && flags.bridge !== DEFAULT_BRIDGE,
    bip,
    fixedCidr,
    mtu: flags.mtu === undefined ? undefined : mtuOf(flags.mtu),
    icc: flag('--icc', flags.icc),
    hostIp: ip,
    iptables: flag('--iptables', flags.iptables),
    ipForward: flag('--ip-forward', flags.ipForward),
    ipMasq: flag('--ip-masq', flags.ipMasq),
    userlandProxy: flag('--userland-proxy', flags.userlandProxy),
    dns,
    dnsSearch: flags.dnsSearch ?? [],
    dnsOptions: flags.dnsOpt ?? [],
  };
}

function checkPrefix(name: string, text: string): void {
  const { prefixLength } = parsePrefix(text, name);
  if (isIPv4(text.split('/', 1)[0] ?? '') && text.includes('/') && prefixLength <= 30) return;
  throw bad(name, text, 'an IPv4 address with a prefix length of at most 30: 172.20.0.1/16');
}

/** Linux sends no smaller packets of IPv4 (RFC 791). */
const SMALLEST_MTU = 68;

function mtuOf(text: string): number {
  const mtu = Number(text);
  if (/^\d+$/.test(text) && mtu >= SMALLEST_MTU && mtu <= 65_535) return mtu;
  throw bad('--mtu', text, `a number from ${SMALLEST_MTU} to 65535`);
}

function flag(name: string, value: boolean | string): boolean {
  if (typeof value === 'boolean') return value;
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw bad(name, value, 'true or false');
}

/** `nofile=1024:2048`, `nproc=64`; -1 is unlimited. @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` */
export function parseUlimits(texts: readonly string[]): Ulimit[] {
  return texts.map((text) => {
    const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
    const [Soft, Hard] = [Number(soft), Number(hard)];
    if (name !== '' && Soft >= -1 && Hard >= -1 && (Hard === -1 || (Soft !== -1 && Soft <= Hard))) {
      return { Name: name, Soft, Hard };
    }
    throw bad('--default-ulimit', text, 'a limit NAME=SOFT[:HARD]: nofile=1024:2048');
  });
}

const bad = (operation: string, value: string, what: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message: `'${value}' is not ${what}` });
