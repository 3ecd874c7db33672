import { NsError } from '@ns/errors';
import { CAP } from '@ns/syscall';

/** The three sets that capset(2) and the text form have. */
export interface CapabilityState {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

const NUMBERS = new Map<string, number>(
  Object.entries(CAP).map(([name, number]) => [name.toLowerCase(), number]),
);
const NAMES = new Map<number, string>([...NUMBERS].map(([name, number]) => [number, name]));

/** As the kernel: sets are 64 bits. */
const BITS = 64;
/** In the order in which they are printed, and as bits of a capability's flags. */
const FLAGS = [
  ['e', 1],
  ['i', 4],
  ['p', 2],
] as const;
const LAST_NAMED = Math.max(...NUMBERS.values());

/** Options of the text form. */
export interface CapabilityTextOptions {
  /** The number of the last capability that `all` means. Default: the last that has a name. See {@link highestCapability}. */
  readonly highest?: number;
}

/**
 * Read capability sets in the form of cap_from_text(3): `cap_net_raw=ep`, `all=p cap_sys_admin-p`.
 *
 * @remarks
 * Clauses, separated by space, are done one after another. A clause is a list of capabilities (names in any case, with
 * `cap_`; numbers; `all`; none before `=` means `all`), and actions: `=` sets exactly the flags that follow, `+` adds
 * them, `-` takes them away. Flags are `e`ffective, `i`nheritable, `p`ermitted. Empty text is empty sets.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` with the clause that is wrong.
 *
 * @example
 * ```ts
 * parseCapabilityText('cap_chown,cap_kill=p cap_kill+e'); // { effective: 0x20n, permitted: 0x21n, inheritable: 0n }
 * ```
 */
export function parseCapabilityText(text: string, options: CapabilityTextOptions = {}): CapabilityState {
  const sets = { e: 0n, i: 0n, p: 0n };
  const all = allOf(options);
  for (const clause of text.split(/[ \t\n\v\f\r]+/).filter((part) => part !== '')) {
    const { list, actions } = parseClause(clause, all);
    for (const [, operator, flags = ''] of actions.matchAll(/(=[+-]?|[+-])([eip]*)/g)) {
      for (const [flag] of FLAGS) {
        if (operator?.startsWith('=')) sets[flag] &= ~list;
        if (!flags.includes(flag)) continue;
        if (operator?.endsWith('-')) sets[flag] &= ~list;
        else sets[flag] |= list;
      }
    }
  }
  return { effective: sets.e, permitted: sets.p, inheritable: sets.i };
}

function parseClause(clause: string, all: bigint): { list: bigint; actions: string } {
  const [, names = '', actions = ''] = /^([^=+-]*)(.*)$/.exec(clause) ?? [];
  if (names === '') {
    if (/^=[eip]*$/.test(actions)) return { list: all, actions };
    throw bad(clause, 'without a list of capabilities there can only be = and flags');
  }
  if (!/^(?:=[eip]*|=?[+-][eip]+)(?:[+-][eip]+)*$/.test(actions)) {
    throw bad(clause, 'after the list come =, + or - and flags out of e, i and p');
  }
  let list = 0n;
  for (const name of names.split(',')) {
    const mask = readName(name, all) ?? unknown(clause, name);
    // As libcap: "all" starts the list anew, so that a number without a name before it is lost.
    list = mask === all ? all : list | mask;
  }
  return { list, actions };
}

/** The mask of a name, a number or `all`. */
function readName(name: string, all: bigint): bigint | undefined {
  const lower = name.toLowerCase();
  if (lower === 'all') return all;
  // As strtoul(3) with base 0.
  const isNumber = /^(?:0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/.test(lower);
  const octal = /^0[0-7]+$/.test(lower);
  const number = isNumber ? Number(octal ? `0o${lower.slice(1)}` : lower) : NUMBERS.get(lower);
  return number === undefined || number >= BITS ? undefined : 1n << BigInt(number);
}

const unknown = (clause: string, name: string): never => {
  throw bad(
    clause,
    `${JSON.stringify(name)} is no capability: names begin with cap_, numbers end at ${BITS - 1}`,
  );
};

const bad = (clause: string, fact: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'capabilities',
    message: `${JSON.stringify(clause)} is not understood: ${fact}`,
    hint: 'the form is that of cap_from_text(3): cap_net_raw,cap_chown=ep cap_kill+i',
  });

/**
 * Print capability sets as cap_to_text(3) does, so that {@link parseCapabilityText} reads the same sets again.
 *
 * @returns `=` for empty sets, `=ep` for all, else clauses such as `cap_chown=ep cap_net_raw+p`.
 */
export function formatCapabilityText(state: CapabilityState, options: CapabilityTextOptions = {}): string {
  const { highest = LAST_NAMED } = options;
  const byFlags = (from: number, to: number): number[][] => {
    const found: number[][] = Array.from({ length: 8 }, () => []);
    for (let number = from; number <= to; number++) found[flagsOf(state, number)]?.push(number);
    return found;
  };
  const named = byFlags(0, highest);
  // What most capabilities have comes first, with =, and the rest is told as differences from it.
  const most = named.reduce(
    (best, numbers, flags) => (numbers.length > named[best]!.length ? flags : best),
    0,
  );
  const clauses = named.map((numbers, flags) => clauseText(numbers, flags, most)).toReversed();
  // The bits beyond are not part of "=": it leaves them without any flag.
  const beyond = byFlags(highest + 1, BITS - 1)
    .map((numbers, flags) => clauseText(numbers, flags, 0))
    .toReversed();
  const [first, ...rest] = [...clauses, ...beyond].filter((text) => text !== '');
  const base = `=${letters(most)}`;
  if (first === undefined) return base;
  // "= cap_chown+e" is said shorter.
  const isShort = most === 0 && clauses.some((text) => text !== '');
  return [...(isShort ? [first.replace('+', '=')] : [base, first]), ...rest].join(' ');
}

function clauseText(numbers: readonly number[], flags: number, base: number): string {
  if (numbers.length === 0 || flags === base) return '';
  const names = numbers.map((number) => NAMES.get(number) ?? String(number)).join(',');
  const [more, fewer] = [letters(flags & ~base), letters(base & ~flags)];
  return `${names}${more === '' ? '' : `+${more}`}${fewer === '' ? '' : `-${fewer}`}`;
}

const letters = (flags: number): string =>
  FLAGS.map(([letter, bit]) => ((flags & bit) === 0 ? '' : letter)).join('');

function flagsOf(state: CapabilityState, number: number): number {
  const has = (set: bigint): number => Number((set >> BigInt(number)) & 1n);
  return has(state.effective) | (has(state.permitted) << 1) | (has(state.inheritable) << 2);
}

const allOf = ({ highest = LAST_NAMED }: CapabilityTextOptions): bigint => (1n << BigInt(highest + 1)) - 1n;
