import { AF, NDA, NLM_F, NTF, NUD, RTM } from '@ns/syscall';

import { attr } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Message, Reply } from '../netlink/message.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import { formatIp, parseIp } from './ip.js';
import { formatMac, parseMac } from './mac.js';

/** `struct ndmsg`. */
const NDMSG_SIZE = 12;

/** An entry of the neighbour table (ARP, NDP), or of a bridge's forwarding table. */
export interface NeighbourSpec {
  /** Index of the link. */
  readonly link: number;
  /** IP address of the neighbour, or with `kind: 'fdb'` of the VXLAN end behind which `mac` is. */
  readonly address?: string | undefined;
  readonly mac?: string | undefined;
  /** `'proxy'`: this host answers for the address. `'fdb'`: where a bridge or a vxlan finds the MAC. Default: neither. */
  readonly kind?: 'neighbour' | 'proxy' | 'fdb' | undefined;
}

/** A neighbour as the kernel has it. */
export interface Neighbour {
  readonly address: string | undefined;
  readonly mac: string | undefined;
  readonly link: number;
  readonly family: number;
  /** `permanent`, `reachable`, `stale`, `failed`… */
  readonly state: string;
}

function neighbourMessage(type: number, flags: number, spec: NeighbourSpec, verb: string): Message {
  const { link, address, mac, kind = 'neighbour' } = spec;
  const what = `${verb} ${kind} ${address ?? mac ?? ''} of link ${link}`;
  const ip = address === undefined ? undefined : parseIp(address, what);
  const header = Buffer.alloc(NDMSG_SIZE);
  header.writeUInt8(kind === 'fdb' ? AF.AF_BRIDGE : (ip?.family ?? AF.AF_UNSPEC), 0);
  header.writeInt32LE(link, 4);
  header.writeUInt16LE(kind === 'proxy' ? 0 : NUD.NUD_PERMANENT, 8);
  const role = kind === 'proxy' ? NTF.NTF_PROXY : kind === 'fdb' ? NTF.NTF_SELF : 0;
  header.writeUInt8(role, 10);
  const attributes = [
    ...(ip === undefined ? [] : [attr.bytes(NDA.NDA_DST, ip.bytes)]),
    ...(mac === undefined ? [] : [attr.bytes(NDA.NDA_LLADDR, parseMac(mac, what))]),
  ];
  return { type, flags, header, attributes, what };
}

/** Add an entry that stays, or replace the one of that address. */
export function setNeighbour(socket: NetlinkSocket, spec: NeighbourSpec): void {
  const flags = NLM_F.NLM_F_CREATE | NLM_F.NLM_F_REPLACE;
  socket.request(neighbourMessage(RTM.RTM_NEWNEIGH, flags, spec, 'set'));
}

/**
 * Delete an entry.
 *
 * @throws SyscallError ENOENT when there is none.
 */
export function deleteNeighbour(socket: NetlinkSocket, spec: NeighbourSpec): void {
  socket.request(neighbourMessage(RTM.RTM_DELNEIGH, 0, spec, 'delete'));
}

/** The neighbours of a link, or of all. */
export function listNeighbours(socket: NetlinkSocket, link = 0): Neighbour[] {
  const attributes = link === 0 ? [] : [attr.u32(NDA.NDA_IFINDEX, link)];
  const header = Buffer.alloc(NDMSG_SIZE);
  return socket
    .dump({ type: RTM.RTM_GETNEIGH, header, attributes, what: 'list neighbours' })
    .map(parseNeighbour);
}

/** Read an `RTM_NEWNEIGH` or `RTM_DELNEIGH`. */
export function parseNeighbour({ payload }: Reply): Neighbour {
  const attributes = parseAttributes(payload, NDMSG_SIZE);
  const address = attributes.bytes(NDA.NDA_DST);
  const mac = attributes.bytes(NDA.NDA_LLADDR);
  const state = payload.readUInt16LE(8);
  const name = Object.entries(NUD).find(([, bits]) => bits === state)?.[0] ?? 'NUD_NONE';
  return {
    address: address === undefined ? undefined : formatIp(address),
    mac: mac === undefined ? undefined : formatMac(mac),
    link: payload.readInt32LE(4),
    family: payload.readUInt8(0),
    state: name.slice('NUD_'.length).toLowerCase(),
  };
}
