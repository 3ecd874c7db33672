import { NsError } from '@ns/errors';

import type { Settings } from '../options/settings.js';
import { subnetOf } from './subnets.js';

/** The daemon's options about networks. */
export interface NetworkConfig {
  /** The device of the default network; `none`: there is no default network. */
  readonly bridge: string;
  /** The device was named by the user, who made it. */
  readonly isBridgeGiven: boolean;
  /** The address of the default network's bridge: `172.20.0.1/16`. */
  readonly bip?: string | undefined;
  /** Containers of the default network get addresses of this part of its subnet. */
  readonly fixedCidr?: string | undefined;
  /** Bytes. Default: the kernel's 1500. */
  readonly mtu?: number | undefined;
  /** Containers of the default network reach each other. */
  readonly icc: boolean;
  /** Where ports are published that name no address. */
  readonly hostIp: string;
  /** False: no rule is made, and ports are published by proxies alone. */
  readonly iptables: boolean;
  readonly ipForward: boolean;
  readonly ipMasq: boolean;
  /** False: ports that rules cannot publish are not published. */
  readonly userlandProxy: boolean;
  /** For containers that name none of their own. */
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
}

/** The device of the default network, which the daemon makes. */
export const DEFAULT_BRIDGE = 'ns0';

/** What holds without options. */
export const DEFAULT_NETWORK: NetworkConfig = {
  bridge: DEFAULT_BRIDGE,
  isBridgeGiven: false,
  icc: true,
  hostIp: '0.0.0.0',
  iptables: true,
  ipForward: true,
  ipMasq: true,
  userlandProxy: true,
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
};

/**
 * What the options about networks come to.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for those that cannot be together.
 */
export function networkConfig({ values, where }: Pick<Settings, 'values' | 'where'>): NetworkConfig {
  const { bridge, bip } = values;
  const fixedCidr = values['fixed-cidr'];
  if (bridge !== undefined && bridge !== 'none' && bip !== undefined) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: where('bip'),
      message: `'${bip}' is not an address for the default bridge: with --bridge, give that bridge its address`,
    });
  }
  if (bip !== undefined) subnetOf(bip, bip.split('/', 1)[0], fixedCidr);
  return {
    bridge: bridge ?? DEFAULT_BRIDGE,
    isBridgeGiven: bridge !== undefined && bridge !== DEFAULT_BRIDGE,
    bip,
    fixedCidr,
    mtu: values.mtu,
    icc: values.icc,
    hostIp: values.ip,
    iptables: values.iptables,
    ipForward: values['ip-forward'],
    ipMasq: values['ip-masq'],
    userlandProxy: values['userland-proxy'],
    dns: values.dns ?? [],
    dnsSearch: values['dns-search'] ?? [],
    dnsOptions: values['dns-opts'] ?? [],
  };
}
