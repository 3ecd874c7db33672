import { parseAttributes } from '../netlink/attributes.js';
import { encodeAttributes } from '../netlink/attribute.js';
import type { Message } from '../netlink/message.js';
import { addChain, deleteChain } from '../nft/chain.js';
import { addElements, deleteElements } from '../nft/element.js';
import { type Expression, expressionAttributes, parseExpressions } from '../nft/expressions/index.js';
import { addTable } from '../nft/messages.js';
import { addRule, deleteRules } from '../nft/rule.js';
import { addSet, deleteSet, isSameSet } from '../nft/set.js';
import type { ElementSpec, TableName } from '../nft/spec.js';
import type { LiveTable } from '../nft/table.js';
import { checkPolicy, type FirewallPolicy } from './policy.js';
import { CHAINS, type FirewallChain, USER_CHAIN } from './rules.js';
import { policyElements, SETS } from './sets.js';

/** What differs between the rules that are there and those that are wanted. */
export interface Difference {
  readonly kind: 'table' | 'chain' | 'rules' | 'set' | 'elements';
  /** Of the chain or set; of the table for all of it. */
  readonly name: string;
  /** `missing`, `changed`, or for elements how many are missing and how many are too many. */
  readonly fact: string;
}

/** What differs, and the messages that put it right in one batch. */
export interface Repair {
  readonly differences: readonly Difference[];
  readonly messages: readonly Message[];
}

const EMPTY: LiveTable = { chains: [], sets: [] };

/** Text that is the same for what means the same. */
const textOf = (data: unknown): string =>
  JSON.stringify(data, (_, item: unknown) =>
    item instanceof Uint8Array
      ? Buffer.from(item).toString('hex')
      : typeof item === 'bigint'
        ? `${item}`
        : item,
  );

/** As the kernel gives it back: with all that has a default. */
const canonical = (expressions: readonly Expression[]): unknown =>
  parseExpressions(parseAttributes(encodeAttributes(expressionAttributes(expressions))));

const elementText = (element: ElementSpec): string =>
  textOf([
    element.key,
    element.end ?? null,
    element.last ?? null,
    element.value ?? null,
    element.comment ?? null,
  ]);

/**
 * Compare the rules that are there with those of a policy. Pure.
 *
 * @remarks
 * Chains, sets and the user's rules that are not ours are left alone. Handles, counters and the order of elements do not
 * count. Only what differs is put right, so that connections and the rest of the rules go on.
 *
 * @param live - What {@link readTable} found, `undefined` for nothing.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for a policy that contradicts itself.
 */
export function compare(name: TableName, policy: FirewallPolicy, live: LiveTable | undefined): Repair {
  checkPolicy(policy);
  const differences: Difference[] = [];
  if (live === undefined) differences.push({ kind: 'table', name: name.table, fact: 'missing' });
  const chains = compareChains(name, live ?? EMPTY);
  const sets = compareSets(name, live ?? EMPTY, policy);
  // A set that rules look things up in cannot go: then all rules go first, and come again.
  const rebuild = sets.isRebuilt || chains.isRebuilt;
  const messages = [
    addTable(name),
    ...(rebuild ? flush(name, live ?? EMPTY) : []),
    ...sets.messages,
    ...chains.messages,
    ...rulesOf(
      name,
      rebuild ? new Set(CHAINS.map((chain) => chain.name)) : chains.stale,
      live ?? EMPTY,
      rebuild,
    ),
  ];
  if (live !== undefined) differences.push(...chains.differences, ...sets.differences);
  return { differences, messages: differences.length === 0 ? [] : messages };
}

const flush = (name: TableName, live: LiveTable): Message[] =>
  CHAINS.filter((chain) => live.chains.some((each) => each.name === chain.name)).map((chain) =>
    deleteRules(name, chain.name),
  );

function rulesOf(
  name: TableName,
  stale: ReadonlySet<string>,
  live: LiveTable,
  isFlushed: boolean,
): Message[] {
  return CHAINS.filter((chain) => stale.has(chain.name)).flatMap((chain) => {
    const has = live.chains.some((each) => each.name === chain.name && each.rules.length > 0);
    return [
      ...(has && !isFlushed ? [deleteRules(name, chain.name)] : []),
      ...chain.rules.map((each) => addRule(name, chain.name, each)),
    ];
  });
}

function compareChains(name: TableName, live: LiveTable) {
  const messages: Message[] = [];
  const differences: Difference[] = [];
  const stale = new Set<string>();
  let isRebuilt = false;
  const wanted: readonly FirewallChain[] = [{ name: USER_CHAIN, rules: [] }, ...CHAINS];
  for (const chain of wanted) {
    const found = live.chains.find((each) => each.name === chain.name);
    if (found === undefined) {
      differences.push({ kind: 'chain', name: chain.name, fact: 'missing' });
    } else if (!isSameHook(found, chain)) {
      differences.push({ kind: 'chain', name: chain.name, fact: 'has another hook' });
      messages.push(deleteChain(name, chain.name));
      isRebuilt = true;
    } else if (chain.name === USER_CHAIN || isSameRules(found.rules, chain.rules)) {
      continue;
    } else {
      differences.push({ kind: 'rules', name: chain.name, fact: 'changed' });
      stale.add(chain.name);
      continue;
    }
    messages.push(addChain(name, chain));
    stale.add(chain.name);
  }
  return { messages, differences, stale, isRebuilt };
}

const isSameHook = (live: FirewallChain | LiveTable['chains'][number], { hook }: FirewallChain): boolean =>
  textOf(live.hook ?? null) ===
  textOf(
    hook === undefined
      ? null
      : { type: hook.type, hook: hook.hook, priority: hook.priority, policy: hook.policy ?? 'accept' },
  );

const isSameRules = (live: LiveTable['chains'][number]['rules'], wanted: FirewallChain['rules']): boolean =>
  textOf(live.map(({ expressions, comment }) => [expressions, comment ?? null])) ===
  textOf(wanted.map(({ expressions, comment }) => [canonical(expressions), comment ?? null]));

function compareSets(name: TableName, live: LiveTable, policy: FirewallPolicy) {
  const messages: Message[] = [];
  const differences: Difference[] = [];
  const elements = policyElements(policy);
  let isRebuilt = false;
  for (const [index, set] of SETS.entries()) {
    const wanted = elements.get(set.name) ?? [];
    const found = live.sets.find((each) => each.name === set.name);
    if (found !== undefined && isSameSet(found, set)) {
      const change = compareElements(name, set.name, found.elements, wanted);
      messages.push(...change.messages);
      differences.push(...change.differences);
      continue;
    }
    differences.push({
      kind: 'set',
      name: set.name,
      fact: found === undefined ? 'missing' : 'has another type',
    });
    if (found !== undefined) {
      messages.push(deleteSet(name, set.name));
      isRebuilt = true;
    }
    messages.push(addSet(name, set, index + 1), ...addElements(name, set.name, wanted));
  }
  return { messages, differences, isRebuilt };
}

function compareElements(
  name: TableName,
  set: string,
  live: readonly ElementSpec[],
  wanted: readonly ElementSpec[],
): Repair {
  const there = new Set(live.map(elementText));
  const right = new Set(wanted.map(elementText));
  const missing = wanted.filter((element) => !there.has(elementText(element)));
  const surplus = live.filter((element) => !right.has(elementText(element)));
  if (missing.length + surplus.length === 0) return { differences: [], messages: [] };
  return {
    differences: [
      { kind: 'elements', name: set, fact: `${missing.length} missing, ${surplus.length} too many` },
    ],
    messages: [...deleteElements(name, set, surplus), ...addElements(name, set, missing)],
  };
}
