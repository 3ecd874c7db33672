import { NF, NF_INET, NFTA_CHAIN, NFTA_HOOK, NLM_F } from '@ns/syscall';

import { attr, type Attribute } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Message, Reply } from '../netlink/message.js';
import { NFGENMSG_SIZE } from '../netlink/nfnetlink.js';
import { nameOf } from './expressions/codec.js';
import { nftMessage } from './messages.js';
import type { ChainSpec, Hook, TableName } from './spec.js';

const HOOKS = {
  prerouting: NF_INET.NF_INET_PRE_ROUTING,
  input: NF_INET.NF_INET_LOCAL_IN,
  forward: NF_INET.NF_INET_FORWARD,
  output: NF_INET.NF_INET_LOCAL_OUT,
  postrouting: NF_INET.NF_INET_POST_ROUTING,
} as const;
const POLICIES = { accept: NF.NF_ACCEPT, drop: NF.NF_DROP } as const;

/** Priorities by the names that `nft` prints. */
export const PRIORITY = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
} as const;

function hookAttributes({ type, hook, priority, policy = 'accept' }: Hook): Attribute[] {
  return [
    attr.nested(NFTA_CHAIN.NFTA_CHAIN_HOOK, [
      attr.be32(NFTA_HOOK.NFTA_HOOK_HOOKNUM, HOOKS[hook]),
      attr.be32(NFTA_HOOK.NFTA_HOOK_PRIORITY, priority >>> 0),
    ]),
    attr.be32(NFTA_CHAIN.NFTA_CHAIN_POLICY, POLICIES[policy]),
    attr.string(NFTA_CHAIN.NFTA_CHAIN_TYPE, type),
  ];
}

/** Create a chain, or leave the one that is there. The hook of one that is there cannot change: EEXIST. */
export const addChain = (name: TableName, { name: chain, hook }: ChainSpec): Message =>
  nftMessage(
    name,
    'NFT_MSG_NEWCHAIN',
    `create chain ${chain}`,
    (table) => [
      attr.string(NFTA_CHAIN.NFTA_CHAIN_TABLE, table),
      attr.string(NFTA_CHAIN.NFTA_CHAIN_NAME, chain),
      ...(hook === undefined ? [] : hookAttributes(hook)),
    ],
    NLM_F.NLM_F_CREATE,
  );

/** Delete a chain. EBUSY when a rule calls it; its own rules must be gone. */
export const deleteChain = (name: TableName, chain: string): Message =>
  nftMessage(name, 'NFT_MSG_DELCHAIN', `delete chain ${chain}`, (table) => [
    attr.string(NFTA_CHAIN.NFTA_CHAIN_TABLE, table),
    attr.string(NFTA_CHAIN.NFTA_CHAIN_NAME, chain),
  ]);

/** Read an `NFT_MSG_NEWCHAIN`, with the name of its table. */
export function parseChain({ payload }: Reply): ChainSpec & { readonly table: string } {
  const attributes = parseAttributes(payload, NFGENMSG_SIZE);
  const hook = attributes.nested(NFTA_CHAIN.NFTA_CHAIN_HOOK);
  return {
    table: attributes.string(NFTA_CHAIN.NFTA_CHAIN_TABLE) ?? '',
    name: attributes.string(NFTA_CHAIN.NFTA_CHAIN_NAME) ?? '',
    hook: hook && {
      type: (attributes.string(NFTA_CHAIN.NFTA_CHAIN_TYPE) ?? '') as Hook['type'],
      hook: nameOf(HOOKS, hook.be32(NFTA_HOOK.NFTA_HOOK_HOOKNUM)),
      priority: (hook.be32(NFTA_HOOK.NFTA_HOOK_PRIORITY) ?? 0) | 0,
      policy: nameOf(POLICIES, attributes.be32(NFTA_CHAIN.NFTA_CHAIN_POLICY)),
    },
  };
}
