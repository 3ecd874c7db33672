import { createRequire } from 'node:module';

import { IFLA } from '@ns/syscall';
import type * as Ifla from 'netlink/dist/rt/ifla.js';

import { parseAttributes } from '../netlink/attributes.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import { getLinkMessage, IFINFOMSG_SIZE } from './link-messages.js';
import type { LinkRef } from './link-spec.js';

/** Counters of a link since it was made, as the link sees it: what a container sends, the host's end receives. */
export interface LinkStatistics {
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receiveErrors: number;
  readonly sendErrors: number;
  readonly receiveDropped: number;
  readonly sendDropped: number;
  readonly multicastPackets: number;
  readonly collisions: number;
}

let codecs: typeof Ifla | undefined;

/** The package's codecs are plain JavaScript; what it has of native code is not loaded. */
function loadCodecs(): typeof Ifla {
  codecs ??= createRequire(import.meta.url)('netlink/dist/rt/ifla.js') as typeof Ifla;
  return codecs;
}

/**
 * The counters of a link: `struct rtnl_link_stats64`.
 *
 * @returns `undefined` when there is no such link.
 */
export function linkStatistics(socket: NetlinkSocket, link: LinkRef): LinkStatistics | undefined {
  const [reply] = socket.request({ ...getLinkMessage(link), tolerate: ['ENODEV'] });
  const bytes = reply && parseAttributes(reply.payload, IFINFOMSG_SIZE).bytes(IFLA.IFLA_STATS64);
  if (bytes === undefined) return undefined;
  const counters = loadCodecs().parseLinkStats64(bytes);
  const number = (value: bigint | undefined): number => Number(value ?? 0n);
  return {
    receivedPackets: number(counters.rxPackets),
    sentPackets: number(counters.txPackets),
    receivedBytes: number(counters.rxBytes),
    sentBytes: number(counters.txBytes),
    receiveErrors: number(counters.rxErrors),
    sendErrors: number(counters.txErrors),
    receiveDropped: number(counters.rxDropped),
    sendDropped: number(counters.txDropped),
    multicastPackets: number(counters.multicast),
    collisions: number(counters.collisions),
  };
}
