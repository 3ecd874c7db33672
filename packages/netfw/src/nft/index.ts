/**
 * nftables over netlink: tables, chains, sets, maps and rules as data, one atomic batch per change. See nft(8).
 */
export { addChain, deleteChain, parseChain, PRIORITY } from './chain.js';
export { concat, type DataType, DATATYPES, value } from './datatypes.js';
export { addElements, deleteElements, getElements, parseElements } from './element.js';
export {
  type Expression,
  expressionAttributes,
  parseExpressions,
  type UnknownExpression,
} from './expressions/index.js';
export { CT_STATE, CT_STATUS } from './expressions/ct.js';
export { match } from './match.js';
export { addTable, deleteTable } from './messages.js';
export { addRule, deleteRules, type LiveRule, parseRule } from './rule.js';
export { addSet, deleteSet, isSameSet, type LiveSet, parseSet } from './set.js';
export type { ChainSpec, ElementSpec, Family, Hook, RuleSpec, SetSpec, TableName } from './spec.js';
export { type LiveTable, openNftables, readGeneration, readTable, transact } from './table.js';
export type { Data, Verdict } from './verdict.js';
