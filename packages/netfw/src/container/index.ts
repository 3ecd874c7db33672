/**
 * The network of a container: steps for its start program, and the files that it finds in `/etc`.
 */
export { exchangeSteps, openRouteSocket, type Patch } from './exchange.js';
export { connectInterfaces, type NetworkNamespace, requestInside } from './inside.js';
export {
  type ContainerInterface,
  type ContainerNetwork,
  type ContainerRoute,
  type InterfaceLink,
  type NetworkPlan,
  planNetwork,
} from './network.js';
export { configureInterfaces, createInterfaces, type CreateInterfacesOptions } from './steps.js';
export { hostnameFile, hosts, type HostsLink, type HostsOptions, parseExtraHost } from './hosts.js';
export {
  hostResolvConf,
  parseResolvConf,
  resolvConf,
  type ResolvConf,
  type ResolvConfOptions,
} from './resolv-conf.js';
