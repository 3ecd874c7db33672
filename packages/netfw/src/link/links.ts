import { ERRNO, IF, IFF, IFLA, IFLA_INFO, NETLINK, RTM } from '@ns/syscall';

import { refusal } from '../netlink/acknowledgement.js';
import { type Attributes, parseAttributes } from '../netlink/attributes.js';
import type { Reply } from '../netlink/message.js';
import { NetlinkSocket, type NetlinkSocketOptions } from '../netlink/socket.js';
import {
  deleteLinkMessage,
  getLinkMessage,
  IFINFOMSG_SIZE,
  ifinfomsg,
  type LinkChange,
  newLinkMessage,
  setLinkMessage,
} from './link-messages.js';
import type { LinkRef, LinkSpec } from './link-spec.js';
import { formatMac } from './mac.js';

/** What a link is doing: RFC 2863. */
export type OperationalState =
  | 'unknown'
  | 'not-present'
  | 'down'
  | 'lower-layer-down'
  | 'testing'
  | 'dormant'
  | 'up';

const OPERATIONAL = new Map<number, OperationalState>([
  [IF.IF_OPER_UNKNOWN, 'unknown'],
  [IF.IF_OPER_NOTPRESENT, 'not-present'],
  [IF.IF_OPER_DOWN, 'down'],
  [IF.IF_OPER_LOWERLAYERDOWN, 'lower-layer-down'],
  [IF.IF_OPER_TESTING, 'testing'],
  [IF.IF_OPER_DORMANT, 'dormant'],
  [IF.IF_OPER_UP, 'up'],
]);

/** A link as the kernel has it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** `bridge`, `veth`…; undefined for `lo` and hardware. */
  readonly kind: string | undefined;
  /** What it was told: `IFF_UP`. */
  readonly isUp: boolean;
  /** Whether something is at the other end: `IFF_LOWER_UP`. */
  readonly hasCarrier: boolean;
  readonly state: OperationalState;
  /** `IFF_*`. */
  readonly flags: number;
  readonly mtu: number;
  readonly mac: string | undefined;
  /** Index of the bridge that it is a port of. */
  readonly master: number | undefined;
  /** Index of the link below or at the other end. In the namespace {@link peerNetns} when that is set. */
  readonly parent: number | undefined;
  /** Id of the namespace of `parent`, when it is another one. */
  readonly peerNetns: number | undefined;
  readonly alias: string | undefined;
  readonly txQueueLength: number;
}

/** A socket for links, addresses, routes and neighbours, in the network namespace of this thread. */
export const openRtnetlink = (options: NetlinkSocketOptions = {}): NetlinkSocket =>
  NetlinkSocket.open(NETLINK.NETLINK_ROUTE, options);

/**
 * Make a link.
 *
 * @param socket - A rtnetlink socket: {@link openRtnetlink}. The link is made in its network namespace, or with `netns`
 * in another one.
 * @throws SyscallError EEXIST, EOPNOTSUPP when the kernel lacks the kind, EPERM; with the kernel's own words.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for settings that cannot be.
 *
 * @example A pair, one end of which is in a container
 * ```ts
 * createLink(socket, {
 *   kind: 'veth', name: 'veth1', master: bridge.index, isUp: true,
 *   peer: { name: 'eth0', netns: { pid } },
 * });
 * ```
 */
export function createLink(socket: NetlinkSocket, spec: LinkSpec): void {
  socket.request(newLinkMessage(spec));
}

/** Change a link: bring it up or down, rename it, put it into a bridge or a namespace. See {@link createLink}. */
export function setLink(socket: NetlinkSocket, link: LinkRef, change: LinkChange): void {
  socket.request(setLinkMessage(link, change));
}

/**
 * Delete a link; a veth's other end goes with it.
 *
 * @returns False when there was none.
 */
export function deleteLink(socket: NetlinkSocket, link: LinkRef): boolean {
  const message = deleteLinkMessage(link);
  const [outcome] = socket.exchange([message]);
  if (outcome?.refused === undefined) return true;
  if (outcome.refused.errno === ERRNO.ENODEV) return false;
  throw refusal(message, outcome.refused);
}

/** A link, or `undefined` when there is none of that name or index. */
export function getLink(socket: NetlinkSocket, link: LinkRef): Link | undefined {
  const [reply] = socket.request({ ...getLinkMessage(link), tolerate: ['ENODEV'] });
  return reply === undefined ? undefined : parseLink(reply);
}

/** All links, by index. */
export function listLinks(socket: NetlinkSocket): Link[] {
  const list = socket.dump({
    type: RTM.RTM_GETLINK,
    header: ifinfomsg(),
    attributes: [],
    what: 'list links',
  });
  return list.map(parseLink);
}

/** Read an `RTM_NEWLINK` or `RTM_DELLINK`. */
export function parseLink({ payload }: Reply): Link {
  const attributes = parseAttributes(payload, IFINFOMSG_SIZE);
  const flags = payload.readUInt32LE(8);
  const state = attributes.u8(IFLA.IFLA_OPERSTATE) ?? IF.IF_OPER_UNKNOWN;
  const master = attributes.u32(IFLA.IFLA_MASTER);
  return {
    index: payload.readInt32LE(4),
    name: attributes.string(IFLA.IFLA_IFNAME) ?? '',
    kind: attributes.nested(IFLA.IFLA_LINKINFO)?.string(IFLA_INFO.IFLA_INFO_KIND),
    isUp: (flags & IFF.IFF_UP) !== 0,
    hasCarrier: (flags & IFF.IFF_LOWER_UP) !== 0,
    state: OPERATIONAL.get(state) ?? 'unknown',
    flags,
    mtu: attributes.u32(IFLA.IFLA_MTU) ?? 0,
    mac: macOf(attributes),
    master: master === 0 ? undefined : master,
    parent: attributes.u32(IFLA.IFLA_LINK) || undefined,
    peerNetns: attributes.s32(IFLA.IFLA_LINK_NETNSID),
    alias: attributes.string(IFLA.IFLA_IFALIAS),
    txQueueLength: attributes.u32(IFLA.IFLA_TXQLEN) ?? 0,
  };
}

function macOf(attributes: Attributes): string | undefined {
  const bytes = attributes.bytes(IFLA.IFLA_ADDRESS);
  return bytes === undefined || bytes.length === 0 ? undefined : formatMac(bytes);
}
