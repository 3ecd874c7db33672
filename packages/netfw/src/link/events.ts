import { isErrno } from '@ns/errors';
import { RTM, RTNLGRP, watch } from '@ns/syscall';

import type { Reply } from '../netlink/message.js';
import { type Address, parseAddress } from './addresses.js';
import { type Link, openRtnetlink, parseLink } from './links.js';
import { type Neighbour, parseNeighbour } from './neighbours.js';
import { parseRoute, type Route } from './routes.js';

/** What changed in a network namespace. */
export type NetworkEvent =
  | { readonly type: 'link' | 'link-gone'; readonly link: Link }
  | { readonly type: 'address' | 'address-gone'; readonly address: Address }
  | { readonly type: 'route' | 'route-gone'; readonly route: Route }
  | { readonly type: 'neighbour' | 'neighbour-gone'; readonly neighbour: Neighbour }
  /** The buffer was full and events were lost: list everything anew. */
  | { readonly type: 'lost' };

/** What can be watched. */
export type NetworkObject = 'link' | 'address' | 'route' | 'neighbour';

const GROUPS: Readonly<Record<NetworkObject, readonly number[]>> = {
  link: [RTNLGRP.RTNLGRP_LINK],
  address: [RTNLGRP.RTNLGRP_IPV4_IFADDR, RTNLGRP.RTNLGRP_IPV6_IFADDR],
  route: [RTNLGRP.RTNLGRP_IPV4_ROUTE, RTNLGRP.RTNLGRP_IPV6_ROUTE],
  neighbour: [RTNLGRP.RTNLGRP_NEIGH],
};

/** A subscription. Disposing ends it. */
export interface NetworkWatcher extends Disposable {
  /** No event comes after this. */
  close(): void;
  /** Let the process end although this is watched. */
  unref(): void;
}

/** How many datagrams are read in one turn of the event loop. */
const BURST = 64;

/**
 * Call back on every change of links, addresses, routes or neighbours of the network namespace that this thread is in.
 *
 * @remarks
 * Nothing is polled. Start watching before listing what there is: then nothing is missed between the two.
 *
 * @throws SyscallError when the socket cannot be made.
 *
 * @example
 * ```ts
 * using watcher = watchNetwork(['link'], (event) => console.log(event));
 * ```
 */
export function watchNetwork(
  objects: readonly NetworkObject[],
  callback: (event: NetworkEvent) => void,
): NetworkWatcher {
  const socket = openRtnetlink({
    groups: objects.flatMap((object) => GROUPS[object]),
    receiveBufferBytes: 1 << 20,
  });
  // The callback may close the watcher.
  const state = { isOpen: true };
  const deliver = (): void => {
    for (let turn = 0; turn < BURST && state.isOpen; turn++) {
      let replies: Reply[] | undefined;
      try {
        replies = socket.receive();
      } catch (error) {
        if (!isErrno(error, 'ENOBUFS')) throw error;
        callback({ type: 'lost' });
        continue;
      }
      if (replies === undefined) return;
      for (const reply of replies) {
        const event = eventOf(reply);
        if (event !== undefined && state.isOpen) callback(event);
      }
    }
  };
  const watcher = watch(socket.fd, { readable: true }, deliver);
  const close = (): void => {
    if (!state.isOpen) return;
    state.isOpen = false;
    watcher.close();
    socket.close();
  };
  return { close, unref: () => watcher.unref(), [Symbol.dispose]: close };
}

function eventOf(reply: Reply): NetworkEvent | undefined {
  switch (reply.type) {
    case RTM.RTM_NEWLINK:
      return { type: 'link', link: parseLink(reply) };
    case RTM.RTM_DELLINK:
      return { type: 'link-gone', link: parseLink(reply) };
    case RTM.RTM_NEWADDR:
      return { type: 'address', address: parseAddress(reply) };
    case RTM.RTM_DELADDR:
      return { type: 'address-gone', address: parseAddress(reply) };
    case RTM.RTM_NEWROUTE:
      return { type: 'route', route: parseRoute(reply) };
    case RTM.RTM_DELROUTE:
      return { type: 'route-gone', route: parseRoute(reply) };
    case RTM.RTM_NEWNEIGH:
      return { type: 'neighbour', neighbour: parseNeighbour(reply) };
    case RTM.RTM_DELNEIGH:
      return { type: 'neighbour-gone', neighbour: parseNeighbour(reply) };
    default:
      return undefined;
  }
}
