import { existsSync } from 'node:fs';

import { ERRNO, IFLA, NETLINK, NFNL_SUBSYS, syscall, OwnedFd, AF, SOCK } from '@ns/syscall';

import { attr } from '../netlink/attribute.js';
import { nfgenmsg, nfnetlinkType } from '../netlink/nfnetlink.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { newLinkMessage } from './link-messages.js';
import { openRtnetlink } from './links.js';
import type { LinkSpec } from './link-spec.js';

/** What the kernel has, or could load. */
export interface NetworkSupport {
  /** Kinds of links that can be made. */
  readonly links: Readonly<Record<LinkSpec['kind'], boolean>>;
  readonly ipv6: boolean;
  readonly nftables: boolean;
}

/** More transmit queues than a link can have. What is refused for that has a kind that is known. */
const TOO_MANY_QUEUES = 0x7fff_ffff;
/** `NFT_MSG_GETGEN`. */
const NFT_MSG_GETGEN = 16;

const SAMPLES: { readonly [Kind in LinkSpec['kind']]: LinkSpec & { readonly kind: Kind } } = {
  bridge: { kind: 'bridge', name: 'ns-probe' },
  veth: { kind: 'veth', name: 'ns-probe', peer: { name: 'ns-probe-peer' } },
  macvlan: { kind: 'macvlan', name: 'ns-probe', parent: 1 },
  ipvlan: { kind: 'ipvlan', name: 'ns-probe', parent: 1 },
  vlan: { kind: 'vlan', name: 'ns-probe', parent: 1, vlanId: 1 },
  vxlan: { kind: 'vxlan', name: 'ns-probe', id: 1 },
  dummy: { kind: 'dummy', name: 'ns-probe' },
};

/**
 * What of the network the kernel has.
 *
 * @remarks
 * Asks for links in a way that is refused for another reason after the kind was found, and loaded as a module where it
 * is one: nothing is made. Needs CAP_NET_ADMIN, without which every kind reads as missing.
 */
export function detectNetwork(): NetworkSupport {
  using socket = openRtnetlink();
  const links = Object.fromEntries(
    Object.entries(SAMPLES).map(([kind, spec]) => [kind, hasKind(socket, spec)]),
  ) as NetworkSupport['links'];
  return { links, ipv6: existsSync('/proc/sys/net/ipv6'), nftables: hasNftables() };
}

function hasKind(socket: NetlinkSocket, spec: LinkSpec): boolean {
  const message = newLinkMessage(spec);
  const attributes = [...message.attributes, attr.u32(IFLA.IFLA_NUM_TX_QUEUES, TOO_MANY_QUEUES)];
  const [outcome] = socket.exchange([{ ...message, attributes }]);
  return outcome?.refused?.errno === ERRNO.EINVAL;
}

function hasNftables(): boolean {
  const purpose = { what: 'ask for nftables', expected: [ERRNO.EPROTONOSUPPORT, ERRNO.EPERM, ERRNO.ENODEV] };
  const fd = syscall(
    purpose,
    'socket',
    AF.AF_NETLINK,
    SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC,
    NETLINK.NETLINK_NETFILTER,
  );
  if (fd < 0) return false;
  using socket = new NetlinkSocket(NETLINK.NETLINK_NETFILTER, new OwnedFd(fd));
  const [outcome] = socket.exchange([
    {
      type: nfnetlinkType(NFNL_SUBSYS.NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN),
      header: nfgenmsg(AF.AF_UNSPEC),
      attributes: [],
      what: purpose.what,
    },
  ]);
  return outcome?.refused === undefined;
}
