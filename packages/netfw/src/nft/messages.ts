import { NFNL_SUBSYS, NFPROTO, NFT_MSG, NFTA_TABLE, NLM_F } from '@ns/syscall';

import { attr, type Attribute } from '../netlink/attribute.js';
import type { Message } from '../netlink/message.js';
import { nfgenmsg, nfnetlinkType } from '../netlink/nfnetlink.js';
import type { TableName } from './spec.js';

const FAMILIES = {
  inet: NFPROTO.NFPROTO_INET,
  ip: NFPROTO.NFPROTO_IPV4,
  ip6: NFPROTO.NFPROTO_IPV6,
  bridge: NFPROTO.NFPROTO_BRIDGE,
} as const;

/** What the kernel's refusals mean, for whoever reads them. */
const HINTS = {
  EPERM: 'run as root, or with CAP_NET_ADMIN in the user namespace that owns the network namespace',
  EOPNOTSUPP: 'the kernel lacks a module of nftables: see `zgrep NFT_ /proc/config.gz`',
  ENOENT: 'the table was removed or flushed by another program: repair it',
  EBUSY: 'a rule of another program refers to it: `nft -a list ruleset` shows which',
  ERESTART: 'another program changed the rules at the same time: read them again',
} as const;

/** A message of nftables about something within a table. */
export function nftMessage(
  { family, table }: TableName,
  type: keyof typeof NFT_MSG,
  what: string,
  attributes: (table: string) => readonly Attribute[],
  flags = 0,
): Message {
  return {
    type: nfnetlinkType(NFNL_SUBSYS.NFNL_SUBSYS_NFTABLES, NFT_MSG[type]),
    flags,
    header: nfgenmsg(FAMILIES[family]),
    attributes: attributes(table),
    what: `nftables: ${what} in table ${family} ${table}`,
    hints: HINTS,
  };
}

/** Create a table, or leave the one that is there. */
export const addTable = (name: TableName): Message =>
  nftMessage(
    name,
    'NFT_MSG_NEWTABLE',
    'create all',
    (table) => [attr.string(NFTA_TABLE.NFTA_TABLE_NAME, table), attr.be32(NFTA_TABLE.NFTA_TABLE_FLAGS, 0)],
    NLM_F.NLM_F_CREATE,
  );

/** Delete a table with all that is in it. It must exist. */
export const deleteTable = (name: TableName): Message =>
  nftMessage(name, 'NFT_MSG_DELTABLE', 'delete all', (table) => [
    attr.string(NFTA_TABLE.NFTA_TABLE_NAME, table),
  ]);
