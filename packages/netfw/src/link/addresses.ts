import { IFA, IFA_F, RT_SCOPE, RTM } from '@ns/syscall';

import { parseAttributes } from '../netlink/attributes.js';
import type { Reply } from '../netlink/message.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import {
  addAddressMessage,
  type AddressSpec,
  deleteAddressMessage,
  IFADDRMSG_SIZE,
} from './address-messages.js';
import { formatIp } from './ip.js';

/** An address as the kernel has it. */
export interface Address {
  /** `172.17.0.2/16`. */
  readonly address: string;
  /** `AF_INET` or `AF_INET6`. */
  readonly family: number;
  /** Index of its link. */
  readonly link: number;
  readonly broadcast: string | undefined;
  readonly scope: 'global' | 'site' | 'link' | 'host' | 'nowhere';
  /** IPv6: not usable yet, it is being asked whether a neighbour has it. */
  readonly isTentative: boolean;
  /** `IFA_F_*`. */
  readonly flags: number;
}

const SCOPES = new Map<number, Address['scope']>([
  [RT_SCOPE.RT_SCOPE_UNIVERSE, 'global'],
  [RT_SCOPE.RT_SCOPE_SITE, 'site'],
  [RT_SCOPE.RT_SCOPE_LINK, 'link'],
  [RT_SCOPE.RT_SCOPE_HOST, 'host'],
]);

/**
 * Give a link an address.
 *
 * @throws SyscallError EEXIST when it has it; ENODEV; EACCES when IPv6 is disabled on the link.
 */
export function addAddress(socket: NetlinkSocket, link: number, spec: AddressSpec | string): void {
  socket.request(addAddressMessage(link, typeof spec === 'string' ? { address: spec } : spec));
}

/**
 * Take an address from a link.
 *
 * @throws SyscallError EADDRNOTAVAIL when it does not have it.
 */
export function deleteAddress(socket: NetlinkSocket, link: number, address: string): void {
  socket.request(deleteAddressMessage(link, address));
}

/** The addresses of a link, or of all. */
export function listAddresses(socket: NetlinkSocket, link = 0): Address[] {
  const header = Buffer.alloc(IFADDRMSG_SIZE);
  header.writeUInt32LE(link, 4);
  return socket
    .dump({ type: RTM.RTM_GETADDR, header, attributes: [], what: 'list addresses', tolerate: ['ENODEV'] })
    .map(parseAddress)
    .filter((address) => link === 0 || address.link === link);
}

/** Read an `RTM_NEWADDR` or `RTM_DELADDR`. */
export function parseAddress({ payload }: Reply): Address {
  const attributes = parseAttributes(payload, IFADDRMSG_SIZE);
  // IFA_ADDRESS is the other end's on a point-to-point link; IPv6 has no IFA_LOCAL but there.
  const bytes = attributes.bytes(IFA.IFA_LOCAL) ?? attributes.bytes(IFA.IFA_ADDRESS) ?? Buffer.alloc(4);
  const broadcast = attributes.bytes(IFA.IFA_BROADCAST);
  const flags = attributes.u32(IFA.IFA_FLAGS) ?? payload.readUInt8(2);
  return {
    address: `${formatIp(bytes)}/${payload.readUInt8(1)}`,
    family: payload.readUInt8(0),
    link: payload.readUInt32LE(4),
    broadcast: broadcast === undefined ? undefined : formatIp(broadcast),
    scope: SCOPES.get(payload.readUInt8(3)) ?? 'nowhere',
    isTentative: (flags & IFA_F.IFA_F_TENTATIVE) !== 0,
    flags,
  };
}
