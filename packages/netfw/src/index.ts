/**
 * Linux networking by netlink messages: links, addresses, routes, neighbours, and the firewall.
 *
 * @packageDocumentation
 */
export * from './netlink/index.js';
export * from './link/index.js';
export * from './container/index.js';
