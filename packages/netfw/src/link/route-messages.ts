import { AF, NLM_F, RT_SCOPE, RT_TABLE, RTA, RTM, RTN, RTNH_F, RTPROT } from '@ns/syscall';

import { invalid } from '../invalid.js';
import { attr, type Attribute } from '../netlink/attribute.js';
import type { Message } from '../netlink/message.js';
import { networkOf, parseIp, parsePrefix } from './ip.js';

/** `struct rtmsg`. */
export const RTMSG_SIZE = 12;

/** What becomes of a packet. */
export type RouteType = 'unicast' | 'blackhole' | 'unreachable' | 'prohibit';

/** A route. */
export interface RouteSpec {
  /** `10.0.0.0/8`; `'default'` for all addresses of the gateway's family, IPv4 when there is none. */
  readonly destination: string;
  readonly gateway?: string | undefined;
  /** Index of the link that packets leave through. */
  readonly link?: number | undefined;
  /** The address that packets come from. */
  readonly source?: string | undefined;
  /** Lower is preferred. */
  readonly metric?: number | undefined;
  /** Number of the table. Default 254, the main one. */
  readonly table?: number | undefined;
  readonly type?: RouteType | undefined;
  /** The gateway is reachable though no route says so. */
  readonly onlink?: boolean | undefined;
}

function routeMessage(type: number, flags: number, spec: RouteSpec, what: string): Message {
  const { gateway, link, source, metric, table = RT_TABLE.RT_TABLE_MAIN, onlink = false } = spec;
  const via = gateway === undefined ? undefined : parseIp(gateway, what);
  const isDefault = spec.destination === 'default';
  const anywhere = via?.family === AF.AF_INET6 ? '::/0' : '0.0.0.0/0';
  const to = networkOf(parsePrefix(isDefault ? anywhere : spec.destination, what));
  if (via !== undefined && via.family !== to.family) {
    throw invalid(what, `gateway ${gateway} is not of the destination's family`);
  }
  const kind = RTN[`RTN_${(spec.type ?? 'unicast').toUpperCase() as 'UNICAST'}`];
  if (type === RTM.RTM_NEWROUTE && kind === RTN.RTN_UNICAST && via === undefined && link === undefined) {
    throw invalid(what, 'a route needs a gateway or a link');
  }
  const header = Buffer.alloc(RTMSG_SIZE);
  header.writeUInt8(to.family, 0);
  header.writeUInt8(to.prefixLength, 1);
  header.writeUInt8(table < 256 ? table : RT_TABLE.RT_TABLE_UNSPEC, 4);
  if (type === RTM.RTM_NEWROUTE) {
    header.writeUInt8(RTPROT.RTPROT_STATIC, 5);
    const isDirect = kind === RTN.RTN_UNICAST && via === undefined && to.family === AF.AF_INET;
    header.writeUInt8(isDirect ? RT_SCOPE.RT_SCOPE_LINK : RT_SCOPE.RT_SCOPE_UNIVERSE, 6);
    header.writeUInt8(kind, 7);
  } else {
    // To be deleted whoever made it, and however far it reaches.
    header.writeUInt8(RT_SCOPE.RT_SCOPE_NOWHERE, 6);
    header.writeUInt8(spec.type === undefined ? RTN.RTN_UNSPEC : kind, 7);
  }
  header.writeUInt32LE(onlink ? RTNH_F.RTNH_F_ONLINK : 0, 8);
  const attributes: Attribute[] = [attr.bytes(RTA.RTA_DST, to.bytes), attr.u32(RTA.RTA_TABLE, table)];
  if (via !== undefined) attributes.push(attr.bytes(RTA.RTA_GATEWAY, via.bytes));
  if (link !== undefined) attributes.push(attr.u32(RTA.RTA_OIF, link));
  if (source !== undefined) attributes.push(attr.bytes(RTA.RTA_PREFSRC, parseIp(source, what).bytes));
  if (metric !== undefined) attributes.push(attr.u32(RTA.RTA_PRIORITY, metric));
  const hints = {
    EEXIST: 'there is such a route already',
    ENETUNREACH: 'the gateway is in no network that the link has an address of',
    ESRCH: 'there is no such route',
  };
  return { type, flags, header, attributes, what, hints };
}

const viaText = ({ destination, gateway }: RouteSpec): string =>
  gateway === undefined ? destination : `${destination} via ${gateway}`;

/**
 * The message that adds a route.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a route that cannot be.
 */
export const addRouteMessage = (spec: RouteSpec): Message =>
  routeMessage(
    RTM.RTM_NEWROUTE,
    NLM_F.NLM_F_CREATE | NLM_F.NLM_F_EXCL,
    spec,
    `add route to ${viaText(spec)}`,
  );

/** The message that deletes a route. */
export const deleteRouteMessage = (spec: RouteSpec): Message =>
  routeMessage(RTM.RTM_DELROUTE, 0, spec, `delete route to ${viaText(spec)}`);
