import { AF, CTA, CTA_IP, CTA_PROTO, CTA_TUPLE, IPCTNL_MSG, NFNL_SUBSYS, NLA_F } from '@ns/syscall';

import { formatIp } from '../link/ip.js';
import { attr, type Attribute } from '../netlink/attribute.js';
import { type Attributes, parseAttributes } from '../netlink/attributes.js';
import type { Message } from '../netlink/message.js';
import { NFGENMSG_SIZE, nfgenmsg, nfnetlinkType } from '../netlink/nfnetlink.js';
import type { NetlinkSocket } from '../netlink/socket.js';

/** One direction of a connection, as the packets are before any translation of that direction. */
export interface Direction {
  readonly source: string;
  /** 0 where the protocol has no ports. */
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** A connection that the kernel tracks; of UDP, packets that belong together. */
export interface Connection {
  readonly family: 4 | 6;
  /** `IPPROTO_*`. */
  readonly protocol: number;
  /** As whoever began it sent its packets. */
  readonly original: Direction;
  /** As answers are sent: where the original is translated, its source is the real destination. */
  readonly reply: Direction;
}

/** What names a connection to the kernel. */
interface Tracked extends Connection {
  readonly key: readonly Attribute[];
}

const typeOf = (message: keyof typeof IPCTNL_MSG): number =>
  nfnetlinkType(NFNL_SUBSYS.NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG[message]);

/** In which order these are told of does not matter; a number that is not there is not sent. */
const KEY = [CTA.CTA_TUPLE_ORIG, CTA.CTA_ID, CTA.CTA_ZONE] as const;

/**
 * The connections of the network namespace of a socket.
 *
 * @param socket - Of `NETLINK_NETFILTER`: `openNftables`.
 * @throws SyscallError EPERM without CAP_NET_ADMIN.
 */
export const listConnections = (socket: NetlinkSocket): Connection[] =>
  list(socket).map(({ family, protocol, original, reply }) => ({ family, protocol, original, reply }));

function list(socket: NetlinkSocket): Tracked[] {
  const replies = socket.dump({
    type: typeOf('IPCTNL_MSG_CT_GET'),
    header: nfgenmsg(AF.AF_UNSPEC),
    attributes: [],
    what: 'list connections',
  });
  return replies.flatMap(({ payload }) => parse(payload) ?? []);
}

function parse(payload: Buffer): Tracked | undefined {
  const family = payload.readUInt8(0);
  if (family !== AF.AF_INET && family !== AF.AF_INET6) return undefined;
  const attributes = parseAttributes(payload, NFGENMSG_SIZE);
  const original = attributes.nested(CTA.CTA_TUPLE_ORIG);
  const reply = attributes.nested(CTA.CTA_TUPLE_REPLY);
  const protocol = original?.nested(CTA_TUPLE.CTA_TUPLE_PROTO)?.u8(CTA_PROTO.CTA_PROTO_NUM);
  if (original === undefined || reply === undefined || protocol === undefined) return undefined;
  return {
    family: family === AF.AF_INET ? 4 : 6,
    protocol,
    original: direction(original),
    reply: direction(reply),
    key: KEY.flatMap((type) => {
      const bytes = attributes.bytes(type);
      const nested = type === CTA.CTA_TUPLE_ORIG ? NLA_F.NLA_F_NESTED : 0;
      return bytes === undefined ? [] : [attr.bytes(type | nested, bytes)];
    }),
  };
}

function direction(tuple: Attributes): Direction {
  const ip = tuple.nested(CTA_TUPLE.CTA_TUPLE_IP);
  const proto = tuple.nested(CTA_TUPLE.CTA_TUPLE_PROTO);
  const address = (v4: number, v6: number): string => {
    const bytes = ip?.bytes(v4) ?? ip?.bytes(v6);
    return bytes === undefined ? '' : formatIp(bytes);
  };
  return {
    source: address(CTA_IP.CTA_IP_V4_SRC, CTA_IP.CTA_IP_V6_SRC),
    sourcePort: proto?.be16(CTA_PROTO.CTA_PROTO_SRC_PORT) ?? 0,
    destination: address(CTA_IP.CTA_IP_V4_DST, CTA_IP.CTA_IP_V6_DST),
    destinationPort: proto?.be16(CTA_PROTO.CTA_PROTO_DST_PORT) ?? 0,
  };
}

/**
 * Have the kernel forget connections: their next packet is looked at by the rules as a first one.
 *
 * @remarks
 * Translation is decided at the first packet of a connection and then kept. A client that goes on sending UDP from one port
 * is one connection to the kernel for as long as it does: after a port was published, or is published no longer, its
 * packets go where they went before.
 *
 * @param isMatch - Which. Called for each connection that the kernel tracks.
 * @returns How many.
 * @throws SyscallError EPERM without CAP_NET_ADMIN.
 */
export function forgetConnections(
  socket: NetlinkSocket,
  isMatch: (connection: Connection) => boolean,
): number {
  const found = list(socket).filter(isMatch);
  socket.request(
    found.map(({ family, key, original }): Message => ({
      type: typeOf('IPCTNL_MSG_CT_DELETE'),
      header: nfgenmsg(family === 4 ? AF.AF_INET : AF.AF_INET6),
      attributes: key,
      what: `forget the connection of ${original.source} to ${original.destination}`,
      // It has ended meanwhile.
      tolerate: ['ENOENT'],
    })),
  );
  return found.length;
}
