/**
 * Linux networking by netlink messages: links, addresses, routes, neighbours, and the firewall.
 *
 * @packageDocumentation
 */
export * from './netlink/index.js';
export * from './link/index.js';
export * from './container/index.js';
export * from './nft/index.js';
export * from './conntrack/index.js';
export * from './firewall/index.js';
export * from './pools/index.js';
