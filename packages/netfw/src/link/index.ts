/**
 * Links, addresses, routes and neighbours. See rtnetlink(7).
 */
export { type AddressSpec, addAddressMessage, deleteAddressMessage } from './address-messages.js';
export { addAddress, type Address, deleteAddress, listAddresses } from './addresses.js';
export { formatIp, type IpAddress, type IpPrefix, networkOf, parseIp, parsePrefix } from './ip.js';
export { deleteLinkMessage, type LinkChange, newLinkMessage, setLinkMessage } from './link-messages.js';
export type {
  BridgeOptions,
  BridgePortOptions,
  IpvlanMode,
  LinkRef,
  LinkSettings,
  LinkSpec,
  MacvlanMode,
  Netns,
  NewLinkSettings,
  PeerSettings,
  VxlanOptions,
} from './link-spec.js';
export {
  createLink,
  deleteLink,
  getLink,
  type Link,
  listLinks,
  openRtnetlink,
  type OperationalState,
  setLink,
} from './links.js';
export { formatMac, macOfIpv4, parseMac } from './mac.js';
export {
  deleteNeighbour,
  listNeighbours,
  type Neighbour,
  type NeighbourSpec,
  setNeighbour,
} from './neighbours.js';
export { addRouteMessage, deleteRouteMessage, type RouteSpec, type RouteType } from './route-messages.js';
export { addRoute, deleteRoute, listRoutes, type Route, type RouteFilter, routeTo } from './routes.js';
export { linkStatistics, type LinkStatistics } from './statistics.js';
export { detectNetwork, type NetworkSupport } from './detect.js';
export { type BridgeSettings, ensureBridge } from './bridge.js';
export { type NetworkEvent, type NetworkObject, type NetworkWatcher, watchNetwork } from './events.js';
export {
  enableForwarding,
  type Forwarding,
  forwarding,
  type InterfaceSettings,
  interfaceSysctls,
  readNetSysctl,
  setInterface,
  writeNetSysctl,
} from './sysctl.js';
