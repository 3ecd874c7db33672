import { randomBytes } from 'node:crypto';

import { NsError } from '@ns/errors';

import type { NetlinkSocket } from '../netlink/socket.js';
import { addAddress, deleteAddress, listAddresses } from './addresses.js';
import { formatIp, parsePrefix } from './ip.js';
import { createLink, deleteLink, getLink, type Link, setLink } from './links.js';
import { formatMac } from './mac.js';
import type { BridgeOptions } from './link-spec.js';

/** How a bridge is to be. */
export interface BridgeSettings extends BridgeOptions {
  /** With their prefix lengths: `172.17.0.1/16`, `fd00::1/64`. Others of the bridge stay. */
  readonly addresses?: readonly string[] | undefined;
  readonly mtu?: number | undefined;
  readonly mac?: string | undefined;
  /** Takes addresses away that are not in `addresses`, but for link-local ones. Default false. */
  readonly exact?: boolean | undefined;
}

/**
 * Make a bridge, or make the bridge of that name have its addresses and be up. To be called as often as one likes.
 *
 * @remarks
 * A bridge takes the lowest MAC of its ports, and changes it with them: it gets one of its own when it is made. A bridge
 * that is made here and cannot be set up is deleted again.
 *
 * @throws NsError `ERR_NS_CONFLICT` when there is a link of that name that is no bridge.
 * @throws SyscallError with the kernel's words.
 */
export function ensureBridge(socket: NetlinkSocket, name: string, settings: BridgeSettings = {}): Link {
  const { addresses = [], mtu, mac, exact = false, ...options } = settings;
  const wanted = addresses.map(normal);
  const found = getLink(socket, name);
  if (found !== undefined && found.kind !== 'bridge') {
    throw new NsError('ERR_NS_CONFLICT', {
      operation: `bridge ${name}`,
      path: name,
      message: `there is a link of that name, which is ${found.kind === undefined ? 'no bridge' : `a ${found.kind}`}`,
      hint: 'delete it, or choose another name',
    });
  }
  if (found === undefined)
    createLink(socket, { kind: 'bridge', name, mtu, mac: mac ?? randomMac(), ...options });
  try {
    const bridge = found ?? getLink(socket, name)!;
    const change = {
      ...(mtu !== undefined && mtu !== bridge.mtu ? { mtu } : {}),
      ...(mac !== undefined && mac.toLowerCase() !== bridge.mac ? { mac } : {}),
      ...(bridge.isUp ? {} : { isUp: true }),
    };
    if (Object.keys(change).length > 0) setLink(socket, bridge.index, change);
    setAddresses(socket, bridge.index, wanted, exact);
    return getLink(socket, name)!;
  } catch (error) {
    if (found === undefined) deleteLink(socket, name);
    throw error;
  }
}

function setAddresses(socket: NetlinkSocket, index: number, wanted: readonly string[], exact: boolean): void {
  const has = listAddresses(socket, index);
  for (const address of wanted) {
    if (has.some((item) => item.address === address)) continue;
    const isIpv4 = !address.includes(':');
    addAddress(
      socket,
      index,
      isIpv4 ? { address, broadcast: 'auto' } : { address, skipDuplicateDetection: true },
    );
  }
  if (!exact) return;
  for (const { address, scope } of has) {
    if (scope !== 'link' && !wanted.includes(address)) deleteAddress(socket, index, address);
  }
}

/** The kernel's own form of an address. */
function normal(address: string): string {
  const { bytes, prefixLength } = parsePrefix(address, 'bridge');
  return `${formatIp(bytes)}/${prefixLength}`;
}

/** A locally administered address that is nobody else's. */
function randomMac(): string {
  return formatMac(Uint8Array.of(0x02, ...randomBytes(5)));
}
