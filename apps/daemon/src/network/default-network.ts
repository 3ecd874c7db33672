import { invalid } from '../engine/errors.js';
import type { Bridges } from './bridges.js';
import type { NetworkConfig } from './config.js';
import { bare } from './endpoint.js';
import { builtInId, type Network, type Subnet } from './network.js';
import { isIpv6Subnet, subnetOf } from './subnets.js';

/** The default network, before its bridge is looked for. */
export const defaultNetwork = (config: NetworkConfig, dataRoot: string, created: string): Network => ({
  id: builtInId('bridge', dataRoot),
  name: 'bridge',
  bridge: config.bridge,
  subnets: config.bip === undefined ? [] : [subnetOf(config.bip, bare(config.bip), config.fixedCidr)],
  created,
  internal: false,
  icc: config.icc,
  masquerade: config.ipMasq,
  mtu: config.mtu ?? 0,
  hostIp: config.hostIp,
  attachable: false,
  labels: {},
  options: {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': String(config.icc),
    'com.docker.network.bridge.enable_ip_masquerade': String(config.ipMasq),
    'com.docker.network.bridge.host_binding_ipv4': config.hostIp,
    'com.docker.network.bridge.name': config.bridge,
    ...(config.mtu === undefined ? {} : { 'com.docker.network.driver.mtu': String(config.mtu) }),
  },
});

/**
 * The subnets of the default network: those of its bridge when there is one, else a free one of the pools.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when the bridge that the user named has no address.
 */
export function defaultSubnets(
  config: NetworkConfig,
  bridges: Bridges,
  others: readonly Network[],
): Subnet[] {
  const { bridge, isBridgeGiven, fixedCidr } = config;
  const found = bridges.subnetsOf(bridge).find((subnet) => !isIpv6Subnet(subnet));
  if (found !== undefined) return [subnetOf(found.subnet, found.gateway, fixedCidr)];
  if (isBridgeGiven) {
    throw invalid(
      '--bridge',
      `the bridge ${bridge} does not exist, or has no IPv4 address`,
      'Make it, and give it the address that containers have as their gateway.',
    );
  }
  return [fixedCidr === undefined ? bridges.choose(others) : subnetOf(fixedCidr)];
}
