import { AF, IFA, IFA_F, NLM_F, RTM, RT_SCOPE } from '@ns/syscall';

import { invalid } from '../invalid.js';
import { attr, type Attribute } from '../netlink/attribute.js';
import type { Message } from '../netlink/message.js';
import { parsePrefix } from './ip.js';

/** `struct ifaddrmsg`. */
export const IFADDRMSG_SIZE = 8;

/** An address of a link. */
export interface AddressSpec {
  /** `172.17.0.2/16`, `fd00::2/64`. */
  readonly address: string;
  /** IPv4: the broadcast address; `'auto'` for the last of the network. Default none. */
  readonly broadcast?: string | undefined;
  /** How far it reaches. Default `'global'`; the kernel itself makes link-local IPv6 addresses `'link'`. */
  readonly scope?: 'global' | 'link' | 'host' | undefined;
  /** IPv6: usable at once, without asking whether a neighbour has it. Default false. */
  readonly skipDuplicateDetection?: boolean | undefined;
  /** No route to the network of the prefix is made. */
  readonly noPrefixRoute?: boolean | undefined;
}

const SCOPES = {
  global: RT_SCOPE.RT_SCOPE_UNIVERSE,
  link: RT_SCOPE.RT_SCOPE_LINK,
  host: RT_SCOPE.RT_SCOPE_HOST,
} as const;

function addressMessage(
  type: number,
  flags: number,
  index: number,
  spec: AddressSpec,
  what: string,
): Message {
  const { family, bytes, prefixLength } = parsePrefix(spec.address, what);
  const header = Buffer.alloc(IFADDRMSG_SIZE);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt8(SCOPES[spec.scope ?? 'global'], 3);
  header.writeUInt32LE(index, 4);
  const attributes: Attribute[] = [attr.bytes(IFA.IFA_LOCAL, bytes), attr.bytes(IFA.IFA_ADDRESS, bytes)];
  const bits =
    (spec.skipDuplicateDetection === true ? IFA_F.IFA_F_NODAD : 0) |
    (spec.noPrefixRoute === true ? IFA_F.IFA_F_NOPREFIXROUTE : 0);
  if (bits !== 0) attributes.push(attr.u32(IFA.IFA_FLAGS, bits));
  if (spec.broadcast !== undefined) {
    if (family !== AF.AF_INET) throw invalid(what, 'IPv6 has no broadcast address');
    const broadcast =
      spec.broadcast === 'auto' ? lastOf(bytes, prefixLength) : parsePrefix(spec.broadcast, what).bytes;
    attributes.push(attr.bytes(IFA.IFA_BROADCAST, broadcast));
  }
  const hints = {
    EEXIST: 'the link has that address already',
    ENODEV: 'there is no such link in this network namespace',
    EACCES: 'IPv6 is disabled on the link: set its sysctl disable_ipv6 to 0',
  };
  return { type, flags, header, attributes, what, hints };
}

const lastOf = (bytes: Uint8Array, prefixLength: number): Uint8Array =>
  bytes.map((byte, at) => byte | (0xff >> Math.min(8, Math.max(0, prefixLength - at * 8))));

/**
 * The message that gives a link an address.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for an address that cannot be.
 */
export const addAddressMessage = (index: number, spec: AddressSpec): Message =>
  addressMessage(
    RTM.RTM_NEWADDR,
    NLM_F.NLM_F_CREATE | NLM_F.NLM_F_EXCL,
    index,
    spec,
    `add address ${spec.address} to link ${index}`,
  );

/** The message that takes an address from a link. */
export const deleteAddressMessage = (index: number, address: string): Message =>
  addressMessage(RTM.RTM_DELADDR, 0, index, { address }, `delete address ${address} from link ${index}`);
