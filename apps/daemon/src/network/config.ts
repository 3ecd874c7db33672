/** The daemon's flags about networks. */
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

/** What holds without flags. */
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
