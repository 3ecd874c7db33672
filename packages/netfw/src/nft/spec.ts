import type { DataType } from './datatypes.js';
import type { Expression } from './expressions/index.js';
import type { Data } from './verdict.js';

/** Families of tables. `inet` is IPv4 and IPv6. */
export type Family = 'inet' | 'ip' | 'ip6' | 'bridge';

/** Where a base chain is called, and when among others: the lowest priority first. */
export interface Hook {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly priority: number;
  /** What becomes of packets that no rule decided. Default `accept`. */
  readonly policy?: 'accept' | 'drop' | undefined;
}

/** A chain of rules; with a hook it is a base chain, without it is called by others. */
export interface ChainSpec {
  readonly name: string;
  readonly hook?: Hook | undefined;
}

/** A rule: its expressions are carried out in order, until one does not go on. */
export interface RuleSpec {
  readonly expressions: readonly Expression[];
  /** At most 127 bytes; `nft` shows it. */
  readonly comment?: string | undefined;
}

/** A set or, with `value`, a map. */
export interface SetSpec {
  readonly name: string;
  /** Several make a concatenation. */
  readonly key: readonly DataType[];
  readonly value?: readonly DataType[] | undefined;
  /** Elements are ranges. Of a concatenation, each field is one; needs Linux 5.6. */
  readonly isInterval?: boolean | undefined;
  readonly comment?: string | undefined;
}

/** An element of a set. */
export interface ElementSpec {
  /** Of an interval: its first key. */
  readonly key: Uint8Array;
  /** Of an interval of one field: the first key behind it. None where it reaches the last key there is. */
  readonly end?: Uint8Array | undefined;
  /** Of an interval of a concatenation: the last of each field. */
  readonly last?: Uint8Array | undefined;
  /** Of a map. */
  readonly value?: Data | undefined;
  readonly comment?: string | undefined;
}

/** A table and where it lies. */
export interface TableName {
  readonly family: Family;
  readonly table: string;
}
