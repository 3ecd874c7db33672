import { NFTA_RULE, NLM_F } from '@ns/syscall';

import { attr } from '../netlink/attribute.js';
import { parseAttributes } from '../netlink/attributes.js';
import type { Message, Reply } from '../netlink/message.js';
import { NFGENMSG_SIZE } from '../netlink/nfnetlink.js';
import { expressionAttributes, parseExpressions, type UnknownExpression } from './expressions/index.js';
import { nftMessage } from './messages.js';
import type { RuleSpec, TableName } from './spec.js';
import { commentData, parseComment } from './userdata.js';

/** A rule as the kernel has it. */
export interface LiveRule {
  readonly table: string;
  readonly chain: string;
  /** The kernel's number of the rule within its table. */
  readonly handle: bigint;
  readonly expressions: readonly (RuleSpec['expressions'][number] | UnknownExpression)[];
  readonly comment?: string | undefined;
}

/** Add a rule behind those that a chain has. */
export const addRule = (name: TableName, chain: string, { expressions, comment }: RuleSpec): Message =>
  nftMessage(
    name,
    'NFT_MSG_NEWRULE',
    `add rule ${comment === undefined ? '' : `"${comment}" `}to chain ${chain}`,
    (table) => {
      const data = commentData(comment);
      return [
        attr.string(NFTA_RULE.NFTA_RULE_TABLE, table),
        attr.string(NFTA_RULE.NFTA_RULE_CHAIN, chain),
        attr.nested(NFTA_RULE.NFTA_RULE_EXPRESSIONS, expressionAttributes(expressions)),
        ...(data === undefined ? [] : [attr.bytes(NFTA_RULE.NFTA_RULE_USERDATA, data)]),
      ];
    },
    NLM_F.NLM_F_CREATE | NLM_F.NLM_F_APPEND,
  );

/** Delete one rule by its handle or, without one, all rules of a chain. */
export const deleteRules = (name: TableName, chain: string, handle?: bigint): Message =>
  nftMessage(name, 'NFT_MSG_DELRULE', `delete rules of chain ${chain}`, (table) => [
    attr.string(NFTA_RULE.NFTA_RULE_TABLE, table),
    attr.string(NFTA_RULE.NFTA_RULE_CHAIN, chain),
    ...(handle === undefined ? [] : [attr.be64(NFTA_RULE.NFTA_RULE_HANDLE, handle)]),
  ]);

/** Read an `NFT_MSG_NEWRULE`. */
export function parseRule({ payload }: Reply): LiveRule {
  const attributes = parseAttributes(payload, NFGENMSG_SIZE);
  return {
    table: attributes.string(NFTA_RULE.NFTA_RULE_TABLE) ?? '',
    chain: attributes.string(NFTA_RULE.NFTA_RULE_CHAIN) ?? '',
    handle: attributes.be64(NFTA_RULE.NFTA_RULE_HANDLE) ?? 0n,
    expressions: parseExpressions(attributes.nested(NFTA_RULE.NFTA_RULE_EXPRESSIONS)),
    comment: parseComment(attributes.bytes(NFTA_RULE.NFTA_RULE_USERDATA)),
  };
}
