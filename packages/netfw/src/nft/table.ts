import {
  AF,
  NETLINK,
  NFNL_SUBSYS,
  NFT_MSG,
  NFT_SET,
  NFTA_GEN,
  NFTA_RULE,
  NFTA_SET,
  NFTA_TABLE,
} from '@ns/syscall';

import { attr } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Message, Reply } from '../netlink/message.js';
import { NFGENMSG_SIZE, nfgenmsg, nfnetlinkType, sendBatch } from '../netlink/nfnetlink.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { parseChain } from './chain.js';
import { getElements, parseElements } from './element.js';
import { nftMessage } from './messages.js';
import { type LiveRule, parseRule } from './rule.js';
import { type LiveSet, parseSet } from './set.js';
import type { ChainSpec, ElementSpec, TableName } from './spec.js';

/** A table as the kernel has it. */
export interface LiveTable {
  readonly chains: readonly (ChainSpec & { readonly rules: readonly LiveRule[] })[];
  readonly sets: readonly (LiveSet & { readonly elements: readonly ElementSpec[] })[];
}

/** A socket to nftables. Close it. @throws SyscallError EPROTONOSUPPORT when the kernel has no nfnetlink. */
export const openNftables = (): NetlinkSocket => NetlinkSocket.open(NETLINK.NETLINK_NETFILTER);

/** The number that grows with every change of any table of the network namespace. */
export function readGeneration(socket: NetlinkSocket): number {
  const [reply] = socket.request({
    type: nfnetlinkType(NFNL_SUBSYS.NFNL_SUBSYS_NFTABLES, NFT_MSG.NFT_MSG_GETGEN),
    header: nfgenmsg(AF.AF_UNSPEC),
    attributes: [],
    what: 'nftables: read the generation',
  });
  return (reply && parseAttributes(reply.payload, NFGENMSG_SIZE).be32(NFTA_GEN.NFTA_GEN_ID)) ?? 0;
}

/**
 * A table with all that is in it.
 *
 * @returns `undefined` when it does not exist.
 * @throws SyscallError EPERM without CAP_NET_ADMIN.
 */
export function readTable(socket: NetlinkSocket, name: TableName): LiveTable | undefined {
  const dump = (type: keyof typeof NFT_MSG, what: string, table?: number): Reply[] =>
    socket.dump(
      nftMessage(name, type, what, (text) => (table === undefined ? [] : [attr.string(table, text)])),
    );
  const tables = dump('NFT_MSG_GETTABLE', 'find all').map(
    ({ payload }) => parseAttributes(payload, NFGENMSG_SIZE).string(NFTA_TABLE.NFTA_TABLE_NAME) ?? '',
  );
  if (!tables.includes(name.table)) return undefined;
  const isHere = ({ table }: { readonly table: string }): boolean => table === name.table;
  const rules = dump('NFT_MSG_GETRULE', 'list rules', NFTA_RULE.NFTA_RULE_TABLE)
    .map(parseRule)
    .filter(isHere);
  const chains = dump('NFT_MSG_GETCHAIN', 'list chains').map(parseChain).filter(isHere);
  const sets = dump('NFT_MSG_GETSET', 'list sets', NFTA_SET.NFTA_SET_TABLE).map(parseSet).filter(isHere);
  return {
    chains: chains.map((chain) => ({ ...chain, rules: rules.filter((rule) => rule.chain === chain.name) })),
    sets: sets
      // What belongs to one rule alone is not for others to change.
      .filter(({ flags }) => (flags & NFT_SET.NFT_SET_ANONYMOUS) === 0)
      .map((set) => ({ ...set, elements: readElements(socket, name, set) })),
  };
}

function readElements(socket: NetlinkSocket, name: TableName, set: LiveSet): ElementSpec[] {
  // Of a concatenation, an element has both ends.
  const isInterval =
    (set.flags & (NFT_SET.NFT_SET_INTERVAL | NFT_SET.NFT_SET_CONCAT)) === NFT_SET.NFT_SET_INTERVAL;
  return parseElements(socket.dump(getElements(name, set.name)), isInterval);
}

/**
 * Carry out messages as one change: all of it, or nothing. Packets see the rules before or those after.
 *
 * @param generation - Refuse with ERESTART when any table has changed since {@link readGeneration} gave this.
 * @returns The echoes of messages with `NLM_F_ECHO`.
 * @throws SyscallError of the message that was refused.
 */
export function transact(
  socket: NetlinkSocket,
  what: string,
  messages: readonly Message[],
  generation?: number,
): readonly Reply[] {
  const subsystem = NFNL_SUBSYS.NFNL_SUBSYS_NFTABLES;
  return sendBatch(socket, messages, { subsystem, what: `nftables: ${what}`, generation });
}
