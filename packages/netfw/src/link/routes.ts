import { AF, RTA, RTM, RTN } from '@ns/syscall';

import { attr } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Reply } from '../netlink/message.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import { formatIp, parseIp } from './ip.js';
import { addRouteMessage, deleteRouteMessage, type RouteSpec, RTMSG_SIZE } from './route-messages.js';

/** A route as the kernel has it. */
export interface Route {
  /** `10.0.0.0/8`, or `'default'`. */
  readonly destination: string;
  /** `AF_INET` or `AF_INET6`. */
  readonly family: number;
  readonly gateway: string | undefined;
  /** Index of the link that packets leave through; undefined for several next hops. */
  readonly link: number | undefined;
  readonly source: string | undefined;
  readonly metric: number | undefined;
  /** 254 is the main table, 255 that of the host's own addresses. */
  readonly table: number;
  /** `unicast`, `local`, `broadcast`, `blackhole`… */
  readonly type: string;
  /** `RTPROT_*`: who made it. */
  readonly protocol: number;
}

const TYPES = new Map<number, string>(
  Object.entries(RTN).map(([name, value]) => [value, name.slice('RTN_'.length).toLowerCase()]),
);

/**
 * Add a route.
 *
 * @throws SyscallError EEXIST; ENETUNREACH when the gateway cannot be reached directly.
 */
export function addRoute(socket: NetlinkSocket, spec: RouteSpec): void {
  socket.request(addRouteMessage(spec));
}

/**
 * Delete a route: the first that has what `spec` says.
 *
 * @throws SyscallError ESRCH when there is none.
 */
export function deleteRoute(socket: NetlinkSocket, spec: RouteSpec): void {
  socket.request(deleteRouteMessage(spec));
}

/** Which routes to list. */
export interface RouteFilter {
  /** `AF_INET` or `AF_INET6`; both when absent. */
  readonly family?: number | undefined;
  /** Number of a table; all when absent. */
  readonly table?: number | undefined;
}

/** The routes of the network namespace. */
export function listRoutes(socket: NetlinkSocket, filter: RouteFilter = {}): Route[] {
  const { family, table } = filter;
  const families = family === undefined ? [AF.AF_INET, AF.AF_INET6] : [family];
  return families.flatMap((each) => {
    const header = Buffer.alloc(RTMSG_SIZE);
    header.writeUInt8(each, 0);
    const attributes = table === undefined ? [] : [attr.u32(RTA.RTA_TABLE, table)];
    // A table that no route was ever put into does not exist.
    const tolerate = ['ENOENT', 'EOPNOTSUPP'];
    return socket
      .dump({ type: RTM.RTM_GETROUTE, header, attributes, what: 'list routes', tolerate })
      .map(parseRoute);
  });
}

/**
 * The route that packets to an address take.
 *
 * @returns `undefined` when there is none.
 */
export function routeTo(socket: NetlinkSocket, address: string): Route | undefined {
  const { family, bytes } = parseIp(address, 'find a route');
  const header = Buffer.alloc(RTMSG_SIZE);
  header.writeUInt8(family, 0);
  header.writeUInt8(bytes.length * 8, 1);
  const [reply] = socket.request({
    type: RTM.RTM_GETROUTE,
    header,
    attributes: [attr.bytes(RTA.RTA_DST, bytes)],
    what: `find the route to ${address}`,
    // The last two are routes of the types prohibit and blackhole.
    tolerate: ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL'],
  });
  return reply === undefined ? undefined : parseRoute(reply);
}

/** Read an `RTM_NEWROUTE` or `RTM_DELROUTE`. */
export function parseRoute({ payload }: Reply): Route {
  const attributes = parseAttributes(payload, RTMSG_SIZE);
  const family = payload.readUInt8(0);
  const length = payload.readUInt8(1);
  const address = (type: number): string | undefined => {
    const bytes = attributes.bytes(type);
    return bytes === undefined ? undefined : formatIp(bytes);
  };
  const anywhere = family === AF.AF_INET6 ? '::' : '0.0.0.0';
  return {
    destination: length === 0 ? 'default' : `${address(RTA.RTA_DST) ?? anywhere}/${length}`,
    family,
    gateway: address(RTA.RTA_GATEWAY),
    link: attributes.u32(RTA.RTA_OIF),
    source: address(RTA.RTA_PREFSRC),
    metric: attributes.u32(RTA.RTA_PRIORITY),
    table: attributes.u32(RTA.RTA_TABLE) ?? payload.readUInt8(4),
    type: TYPES.get(payload.readUInt8(7)) ?? 'unspec',
    protocol: payload.readUInt8(5),
  };
}
