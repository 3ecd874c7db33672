/**
 * The firewall of an engine of containers: networks and published ports as rules of nftables.
 */
export { compare, type Difference, type Repair } from './compare.js';
export { FIREWALL_TABLE, publishPorts, removeFirewall, repairFirewall, unpublishPorts } from './firewall.js';
export {
  checkPolicy,
  type FirewallLink,
  type FirewallNetwork,
  type FirewallPolicy,
  needsIsolatedPorts,
  needsProxy,
  needsRouteLocalnet,
  type PortProtocol,
  type PublishedPort,
} from './policy.js';
export { USER_CHAIN } from './rules.js';
