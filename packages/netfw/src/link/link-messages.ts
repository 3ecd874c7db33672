import {
  AF,
  IF,
  IFF,
  IFLA,
  IFLA_BR,
  IFLA_BRPORT,
  IFLA_INET6,
  IFLA_INFO,
  IFLA_IPVLAN,
  IFLA_MACVLAN,
  IFLA_VLAN,
  IFLA_VXLAN,
  IN6_ADDR_GEN_MODE,
  IPVLAN_MODE,
  MACVLAN_MODE,
  NLM_F,
  RTM,
  VETH_INFO,
} from '@ns/syscall';

import { invalid } from '../invalid.js';
import { attr, type Attribute, encodeAttributes } from '../netlink/attribute.js';
import type { Message } from '../netlink/message.js';
import { parseIp } from './ip.js';
import type { BridgePortOptions, LinkRef, LinkSettings, LinkSpec, PeerSettings } from './link-spec.js';
import { parseMac } from './mac.js';

/** `struct ifinfomsg`. */
export const IFINFOMSG_SIZE = 16;

/** A `struct ifinfomsg`: the flags in `change` are set as in `flags`. */
export function ifinfomsg(index = 0, flags = 0, change = 0, family: number = AF.AF_UNSPEC): Buffer {
  const header = Buffer.alloc(IFINFOMSG_SIZE);
  header.writeUInt8(family, 0);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(change, 12);
  return header;
}

const upDown = (index: number | undefined, isUp: boolean | undefined): Buffer =>
  isUp === undefined ? ifinfomsg(index) : ifinfomsg(index, isUp ? IFF.IFF_UP : 0, IFF.IFF_UP);

/** @throws NsError `ERR_NS_INVALID_ARGUMENT` for a name that the kernel does not take. */
export function assertLinkName(name: string, operation: string): void {
  const isFit = Buffer.byteLength(name) < IF.IFNAMSIZ && /^[^/:\s\0]+$/.test(name);
  if (isFit && name !== '.' && name !== '..') return;
  const hint = 'a name has 1 to 15 bytes, without slash, colon and blanks';
  throw invalid(operation, `${JSON.stringify(name)} cannot name a link`, hint);
}

/** The attributes of what every link has. */
function settingsAttributes(settings: LinkSettings, operation: string): Attribute[] {
  const { name, mtu, mac, master, txQueueLength, netns } = settings;
  const list: Attribute[] = [];
  if (name !== undefined) {
    assertLinkName(name, operation);
    list.push(attr.string(IFLA.IFLA_IFNAME, name));
  }
  if (mtu !== undefined) list.push(attr.u32(IFLA.IFLA_MTU, mtuOf(mtu, operation)));
  if (mac !== undefined) list.push(attr.bytes(IFLA.IFLA_ADDRESS, parseMac(mac, operation)));
  if (master !== undefined) list.push(attr.u32(IFLA.IFLA_MASTER, master));
  if (txQueueLength !== undefined) list.push(attr.u32(IFLA.IFLA_TXQLEN, txQueueLength));
  if (netns !== undefined) {
    list.push(
      'pid' in netns ? attr.u32(IFLA.IFLA_NET_NS_PID, netns.pid) : attr.u32(IFLA.IFLA_NET_NS_FD, netns.fd),
    );
  }
  return list;
}

function mtuOf(mtu: number, operation: string): number {
  if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 0x7fff_ffff) return mtu;
  throw invalid(operation, `MTU ${mtu} is not a whole number of 68 bytes or more`);
}

const bool = (type: number, value: boolean | undefined): Attribute[] =>
  value === undefined ? [] : [attr.u8(type, value ? 1 : 0)];
/** The kernel's clock for bridges ticks a hundred times a second. */
const ticks = (type: number, ms: number | undefined): Attribute[] =>
  ms === undefined ? [] : [attr.u32(type, Math.round(ms / 10))];

/** The attributes of `IFLA_INFO_DATA`. */
function kindAttributes(spec: LinkSpec, operation: string): Attribute[] {
  switch (spec.kind) {
    case 'bridge':
      return [
        ...ticks(IFLA_BR.IFLA_BR_FORWARD_DELAY, spec.forwardDelayMs),
        ...ticks(IFLA_BR.IFLA_BR_AGEING_TIME, spec.ageingTimeMs),
        ...(spec.stp === undefined ? [] : [attr.u32(IFLA_BR.IFLA_BR_STP_STATE, spec.stp ? 1 : 0)]),
        ...bool(IFLA_BR.IFLA_BR_VLAN_FILTERING, spec.vlanFiltering),
        ...bool(IFLA_BR.IFLA_BR_MCAST_SNOOPING, spec.multicastSnooping),
      ];
    case 'veth':
      return [attr.bytes(VETH_INFO.VETH_INFO_PEER, peerBytes(spec.peer, operation))];
    case 'macvlan': {
      const mode = (spec.mode ?? 'bridge').toUpperCase() as Uppercase<NonNullable<typeof spec.mode>>;
      return [attr.u32(IFLA_MACVLAN.IFLA_MACVLAN_MODE, MACVLAN_MODE[`MACVLAN_MODE_${mode}`])];
    }
    case 'ipvlan': {
      const mode = (spec.mode ?? 'l2').toUpperCase() as Uppercase<NonNullable<typeof spec.mode>>;
      return [attr.u16(IFLA_IPVLAN.IFLA_IPVLAN_MODE, IPVLAN_MODE[`IPVLAN_MODE_${mode}`])];
    }
    case 'vlan':
      return [attr.u16(IFLA_VLAN.IFLA_VLAN_ID, spec.vlanId)];
    case 'vxlan':
      return vxlanAttributes(spec, operation);
    case 'dummy':
      return [];
    default:
      throw invalid(operation, `unknown kind of link ${JSON.stringify((spec as LinkSpec).kind)}`);
  }
}

function peerBytes(peer: PeerSettings, operation: string): Buffer {
  const attributes = encodeAttributes(settingsAttributes(peer, operation));
  return Buffer.concat([ifinfomsg(peer.index), attributes]);
}

function vxlanAttributes(spec: LinkSpec & { kind: 'vxlan' }, operation: string): Attribute[] {
  const { id, parent, remote, local, port = 4789, learning } = spec;
  const list = [attr.u32(IFLA_VXLAN.IFLA_VXLAN_ID, id), attr.be16(IFLA_VXLAN.IFLA_VXLAN_PORT, port)];
  if (parent !== undefined) list.push(attr.u32(IFLA_VXLAN.IFLA_VXLAN_LINK, parent));
  const address = (text: string, v4: number, v6: number): Attribute => {
    const { family, bytes } = parseIp(text, operation);
    return attr.bytes(family === AF.AF_INET ? v4 : v6, bytes);
  };
  const { IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6 } = IFLA_VXLAN;
  if (remote !== undefined) list.push(address(remote, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6));
  if (local !== undefined) list.push(address(local, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6));
  return [...list, ...bool(IFLA_VXLAN.IFLA_VXLAN_LEARNING, learning)];
}

/**
 * The message that makes a link.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a name, MTU, MAC or address that cannot be.
 */
export function newLinkMessage(spec: LinkSpec): Message {
  const what = `create ${spec.kind} ${spec.name}`;
  const attributes = settingsAttributes(spec, what);
  if ('parent' in spec && spec.parent !== undefined && spec.kind !== 'vxlan') {
    attributes.push(attr.u32(IFLA.IFLA_LINK, spec.parent));
  }
  attributes.push(
    attr.nested(IFLA.IFLA_LINKINFO, [
      attr.string(IFLA_INFO.IFLA_INFO_KIND, spec.kind),
      attr.nested(IFLA_INFO.IFLA_INFO_DATA, kindAttributes(spec, what)),
    ]),
  );
  return {
    type: RTM.RTM_NEWLINK,
    flags: NLM_F.NLM_F_CREATE | NLM_F.NLM_F_EXCL,
    header: upDown(spec.index, spec.isUp),
    attributes,
    what,
    hints: {
      EEXIST: 'a link of that name or index exists: delete it, or choose another',
      EOPNOTSUPP: `the kernel has no ${spec.kind} links: load its module`,
      EPERM: 'CAP_NET_ADMIN is needed in the network namespace',
    },
  };
}

/** The header and attribute that name a link. */
function target(link: LinkRef, isUp: boolean | undefined): { header: Buffer; attributes: Attribute[] } {
  return typeof link === 'number'
    ? { header: upDown(link, isUp), attributes: [] }
    : { header: upDown(0, isUp), attributes: [attr.string(IFLA.IFLA_IFNAME, link)] };
}

/** A change of a link. A link that is given by its name keeps it: to rename one, give its index. */
export interface LinkChange extends LinkSettings {
  /** A name for people, at most 255 bytes. */
  readonly alias?: string | undefined;
  /** Whether the kernel makes a link-local address when the link comes up. */
  readonly ipv6LinkLocal?: 'eui64' | 'none' | 'stable-privacy' | 'random' | undefined;
  readonly bridgePort?: BridgePortOptions | undefined;
}

/** The message that changes a link. */
export function setLinkMessage(link: LinkRef, change: LinkChange): Message {
  const what = `change link ${link}`;
  const { alias, ipv6LinkLocal, bridgePort, ...settings } = change;
  if (typeof link === 'string' && change.name !== undefined && change.name !== link) {
    throw invalid(what, 'a link that is given by name cannot be renamed', 'give its index');
  }
  const { header, attributes } = target(link, change.isUp);
  attributes.push(
    ...settingsAttributes({ ...settings, ...(typeof link === 'string' ? { name: undefined } : {}) }, what),
  );
  if (alias !== undefined) attributes.push(attr.string(IFLA.IFLA_IFALIAS, alias));
  if (ipv6LinkLocal !== undefined) {
    const mode = ipv6LinkLocal.toUpperCase().replace('-', '_') as 'NONE';
    const value = IN6_ADDR_GEN_MODE[`IN6_ADDR_GEN_MODE_${mode}`];
    const inet6 = attr.nested(AF.AF_INET6, [attr.u8(IFLA_INET6.IFLA_INET6_ADDR_GEN_MODE, value)]);
    attributes.push(attr.nested(IFLA.IFLA_AF_SPEC, [inet6]));
  }
  if (bridgePort !== undefined) attributes.push(bridgePortAttribute(bridgePort));
  const hints = { ENODEV: 'there is no such link in this network namespace' };
  // RTM_NEWLINK without NLM_F_CREATE changes, as RTM_SETLINK does, and takes the options of a port too.
  return { type: RTM.RTM_NEWLINK, header, attributes, what, hints };
}

function bridgePortAttribute({ hairpin, isolated, learning, flooding }: BridgePortOptions): Attribute {
  return attr.nested(IFLA.IFLA_LINKINFO, [
    attr.string(IFLA_INFO.IFLA_INFO_SLAVE_KIND, 'bridge'),
    attr.nested(IFLA_INFO.IFLA_INFO_SLAVE_DATA, [
      ...bool(IFLA_BRPORT.IFLA_BRPORT_MODE, hairpin),
      ...bool(IFLA_BRPORT.IFLA_BRPORT_ISOLATED, isolated),
      ...bool(IFLA_BRPORT.IFLA_BRPORT_LEARNING, learning),
      ...bool(IFLA_BRPORT.IFLA_BRPORT_UNICAST_FLOOD, flooding),
    ]),
  ]);
}

/** The message that deletes a link. */
export function deleteLinkMessage(link: LinkRef): Message {
  const hints = { ENODEV: 'there is no such link in this network namespace' };
  return { type: RTM.RTM_DELLINK, ...target(link, undefined), what: `delete link ${link}`, hints };
}

/** The message that asks for one link. */
export const getLinkMessage = (link: LinkRef): Message => ({
  type: RTM.RTM_GETLINK,
  ...target(link, undefined),
  what: `get link ${link}`,
});
