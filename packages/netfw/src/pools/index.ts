/**
 * Address pools and ports: nothing is kept that cannot be built anew from live state.
 */
export { AddressPool, type AddressPoolOptions } from './addresses.js';
export {
  type HostPort,
  PortPool,
  type PortPoolOptions,
  type PortRange,
  readEphemeralRange,
} from './ports.js';
export { isPortTaken } from './probe.js';
export {
  allocateSubnet,
  checkSubnet,
  DEFAULT_POOLS,
  type HostState,
  type SubnetPool,
  uniqueLocalPool,
  usedSubnets,
} from './subnets.js';
