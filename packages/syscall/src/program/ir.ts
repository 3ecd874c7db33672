import { NsError } from '@ns/errors';

import type { SyscallName } from './syscalls.js';

/**
 * The syscall program: system calls as data.
 *
 * Everything in this file is a plain value. Building, composing, printing and comparing programs needs no
 * privilege and no Linux; {@link compile} turns one into an executable.
 */

/** A 64-bit variable of the program. Two slots are the same variable only if they are the same object. */
export interface Slot {
  readonly kind: 'slot';
  readonly name: string;
}

/** Bytes of the program's image, or zeroed scratch space. Passed to a system call as its address. */
export interface Data {
  readonly kind: 'data';
  /** How `explain` prints it. */
  readonly text: string;
  /** Initial bytes; a number is a size, zero-filled. */
  readonly bytes: Uint8Array | number;
  /** Written to while the program runs: lives in the writable segment. */
  readonly writable: boolean;
  readonly align: number;
  /** Places that hold the address of other data, eight bytes each. */
  readonly pointers: readonly { readonly at: number; readonly to: Data }[];
}

/** An address inside data. */
export interface At {
  readonly kind: 'at';
  readonly data: Data;
  readonly offset: number;
}

/** What a system call's argument can be. */
export type Operand = number | bigint | Slot | Data | At;

/** What is done when a call answers one of `errnos` (names such as `ENOENT`, or `'any'`). */
export interface Handler {
  readonly errnos: readonly string[] | 'any';
  readonly steps: readonly Step[];
}

/** What every step that can fail says about itself. */
export interface Purpose {
  /** What the step does, with its object: `mount proc on /proc`. Starts the sentence of its error. */
  readonly what: string;
  /** The path, host name, descriptor… it is about. */
  readonly object?: string | undefined;
  /** By errno: what a user can do about the failure. */
  readonly hints?: Readonly<Record<string, string>> | undefined;
  /** A word by which whoever runs the program recognises the step: `exec`, `workdir`. */
  readonly tag?: string | undefined;
}

/** A system call: {@link call}. */
export interface CallStep extends Purpose {
  readonly op: 'call';
  readonly name: SyscallName;
  readonly args: readonly Operand[];
  /** Gets the result; on a failure that is handled, the negative errno. */
  readonly into?: Slot | undefined;
  /** The failures that do not end the program. */
  readonly on?: readonly Handler[] | undefined;
}

/**
 * `clone3(2)`, or `clone(2)`, whose child runs `child`. A child whose steps end without exit or execve exits with status 0.
 */
export interface CloneStep extends Purpose {
  readonly op: 'clone';
  /** A `struct clone_args`; or the flags of clone(2), its end telling SIGCHLD, for where a filter may forbid clone3(2). */
  readonly args: Data | number;
  readonly child: readonly Step[];
  /** Gets the child's pid, in the parent only. */
  readonly into: Slot;
}

/** What a {@link ComputeStep} can do, on 64 bits, modulo 2^64. A shift takes its count modulo 64. */
export type Arithmetic = '+' | '-' | '&' | '|' | '<<' | '>>';
/** Sets a variable: {@link set}, {@link compute}. */
export interface ComputeStep {
  readonly op: 'compute';
  readonly into: Slot;
  readonly left: Operand;
  /** Both or neither. `>>` is logical. */
  readonly by?: readonly [Arithmetic, Operand] | undefined;
}

/** Bytes of an integer in memory. */
export type Width = 1 | 2 | 4 | 8;
/** Reads an unsigned integer out of data, or with `signed` a signed one. */
export interface LoadStep {
  readonly op: 'load';
  readonly from: Data;
  readonly at: number;
  readonly width: Width;
  readonly signed?: boolean | undefined;
  readonly into: Slot;
}
/** Writes the low bytes of an operand into writable data. */
export interface StoreStep {
  readonly op: 'store';
  readonly value: Operand;
  readonly to: Data;
  readonly at: number;
  readonly width: Width;
}

/** How a {@link Condition} compares. */
export type Relation = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** Signed comparison of 64-bit values. */
export type Condition = readonly [Operand, Relation, Operand];
/** Steps that are done, or others, by a condition: {@link when}. */
export interface IfStep {
  readonly op: 'if';
  readonly condition: Condition;
  readonly then: readonly Step[];
  readonly else?: readonly Step[] | undefined;
}
/** Repeats until `break` (or for ever). `break` and `continue` mean the innermost loop. */
export interface LoopStep {
  readonly op: 'loop';
  readonly body: readonly Step[];
}
/** {@link leave} and {@link again}: leaves the innermost loop, or starts it again. */
export interface JumpStep {
  readonly op: 'break' | 'continue';
}
/**
 * Gives the memory of all children's code back to the kernel: for a parent that stays long after the children it made.
 * A child that has not been made by then cannot be made any more.
 */
export interface ForgetStep {
  readonly op: 'forget-children';
}
/** Ends the program as a failed call would, with a reason of its own. `errno` may be a slot that holds a negative errno. */
export interface FailStep extends Purpose {
  readonly op: 'fail';
  readonly errno: string | Slot;
}
/** A titled part: what `explain` prints as a heading. Means its steps, in order. */
export interface GroupStep {
  readonly op: 'group';
  readonly title: string;
  readonly steps: readonly Step[];
}

/** What a program is made of. */
export type Step =
  | CallStep
  | CloneStep
  | ComputeStep
  | LoadStep
  | StoreStep
  | IfStep
  | LoopStep
  | JumpStep
  | ForgetStep
  | FailStep
  | GroupStep;

/** A whole program. */
export interface Program {
  /** What it is, for people. */
  readonly title: string;
  readonly steps: readonly Step[];
  /** The descriptor to which a failing step's record is written, as the program sees it. */
  readonly statusFd: number;
  /** Exit status after a failing step. */
  readonly failureStatus: number;
  /**
   * Where the code lies in memory, below 256 MiB and a multiple of 64 KiB. Default 0x400000. Programs that execute one
   * another and share a status descriptor differ in it: the address in a failure record tells whose it is.
   */
  readonly codeAddress?: number | undefined;
}

const encoder = new TextEncoder();
const NONE: Data['pointers'] = [];

/** A variable. It is zero at first; its name is for people. */
export const slot = (name: string): Slot => ({ kind: 'slot', name });

/**
 * A NUL-terminated string.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` when the text holds a NUL: the kernel would see another string than
 * the caller.
 */
export function cstr(text: string | Uint8Array): Data {
  if (typeof text !== 'string') return terminated(text, new TextDecoder().decode(text));
  const known = kept.get(text);
  if (known !== undefined) return known;
  const data = terminated(encoder.encode(text), text);
  if (text.length > MAX_KEPT) return data;
  if (kept.size >= MAX_STRINGS) kept.clear();
  kept.set(text, data);
  return data;
}

/** The same few hundred short strings are in every program; they are values, so they can be the same objects. */
const kept = new Map<string, Data>();
const MAX_STRINGS = 1024;
const MAX_KEPT = 64;

function terminated(bytes: Uint8Array, text: string): Data {
  const end = bytes.indexOf(0);
  if (end !== -1) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'syscall program',
      message: `string holds a NUL at byte ${end}`,
      hint: 'the kernel ends a string at its first NUL: leave it out',
    });
  }
  const content = new Uint8Array(bytes.length + 1);
  content.set(bytes);
  return {
    kind: 'data',
    text: JSON.stringify(text),
    bytes: content,
    writable: false,
    align: 1,
    pointers: NONE,
  };
}

/** Read-only bytes: a netlink message, a BPF filter. */
export const bytes = (content: Uint8Array, text = `<${content.length} bytes>`): Data => ({
  kind: 'data',
  text,
  bytes: content,
  writable: false,
  align: 8,
  pointers: NONE,
});

/** Zeroed space that calls may write to. */
export const scratch = (size: number, name: string): Data => ({
  kind: 'data',
  text: `<${name}, ${size} bytes>`,
  bytes: size,
  writable: true,
  align: 8,
  pointers: NONE,
});

/** An address `offset` bytes into data. */
export const at = (data: Data, offset: number): At => ({ kind: 'at', data, offset });

/** One member of a struct: name, width in bytes, value; padding has the name `''`. */
export type Field = readonly [name: string, width: Width, value: number | bigint | Data, text?: string];

/** A C struct, laid out as given: the caller puts padding where C would. */
export function struct(fields: readonly Field[], options: { writable?: boolean } = {}): Data {
  const size = fields.reduce((sum, [, width]) => sum + width, 0);
  const content = new Uint8Array(size);
  const view = new DataView(content.buffer);
  const pointers: { at: number; to: Data }[] = [];
  const words: string[] = [];
  let offset = 0;
  for (const [name, width, value, text] of fields) {
    if (typeof value === 'object') pointers.push({ at: offset, to: value });
    else if (width === 8) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true);
    else if (width === 4) view.setUint32(offset, Number(value) >>> 0, true);
    else if (width === 2) view.setUint16(offset, Number(value), true);
    else view.setUint8(offset, Number(value));
    if (name !== '')
      words.push(`${name}: ${text ?? (typeof value === 'object' ? value.text : String(value))}`);
    offset += width;
  }
  return {
    kind: 'data',
    text: `{${words.join(', ')}}`,
    bytes: content,
    writable: options.writable ?? false,
    align: 8,
    pointers,
  };
}

/** An array of string pointers that ends in NULL: argv, envp. */
export function strings(list: readonly (string | Uint8Array)[]): Data {
  const to = list.map(cstr);
  return {
    kind: 'data',
    text: `[${to.map((item) => item.text).join(', ')}]`,
    bytes: new Uint8Array((to.length + 1) * 8),
    writable: false,
    align: 8,
    pointers: to.map((item, index) => ({ at: index * 8, to: item })),
  };
}

/** What a step says beside its call. */
export interface CallOptions extends Purpose {
  readonly into?: Slot;
  readonly on?: readonly Handler[];
  /** Errnos after which the program goes on: short for a handler without steps. */
  readonly tolerate?: readonly string[] | 'any';
}

/** A system call. */
export function call(name: SyscallName, args: readonly Operand[], options: CallOptions): CallStep {
  // A program is some hundred of these, made anew for every container: all of one shape, and nothing copied twice.
  const { what, object, hints, tag, into, on, tolerate } = options;
  const tolerated = tolerate === undefined ? undefined : { errnos: tolerate, steps: [] };
  const handlers = tolerated === undefined ? on : on === undefined ? [tolerated] : [...on, tolerated];
  return {
    op: 'call',
    name,
    args,
    what,
    object,
    hints,
    tag,
    into,
    on: handlers?.length === 0 ? undefined : handlers,
  };
}

/** A handler for {@link CallOptions.on}. */
export const on = (errnos: Handler['errnos'], ...steps: readonly Step[]): Handler => ({ errnos, steps });

/** Starts a child that shares with its parent what `args` says, see {@link CloneStep}. */
export const clone = (options: Omit<CloneStep, 'op'>): CloneStep => ({ op: 'clone', ...options });
/** `into = left`. */
export const set = (into: Slot, left: Operand): ComputeStep => ({ op: 'compute', into, left });
/** `into = left operator right`. */
export const compute = (into: Slot, left: Operand, operator: Arithmetic, right: Operand): ComputeStep => ({
  op: 'compute',
  into,
  left,
  by: [operator, right],
});
/** `into = ` the integer of `width` bytes at `offset` of writable data. */
export const load = (into: Slot, from: Data, offset: number, width: Width, signed = false): LoadStep => ({
  op: 'load',
  from,
  at: offset,
  width,
  into,
  signed,
});
/** Puts the low `width` bytes of a value at `offset` of writable data. */
export const store = (value: Operand, to: Data, offset: number, width: Width): StoreStep => ({
  op: 'store',
  value,
  to,
  at: offset,
  width,
});
/** `if (condition) then else otherwise`. */
export const when = (condition: Condition, then: readonly Step[], otherwise?: readonly Step[]): IfStep => ({
  op: 'if',
  condition,
  then,
  ...(otherwise ? { else: otherwise } : {}),
});
/** Repeats its steps until {@link leave}. */
export const loop = (...body: readonly Step[]): LoopStep => ({ op: 'loop', body });
/** Gives the memory of the children's code back, see {@link ForgetStep}. */
export const forgetChildren: ForgetStep = { op: 'forget-children' };
/** Leaves the innermost loop. */
export const leave: JumpStep = { op: 'break' };
/** Starts the innermost loop again. */
export const again: JumpStep = { op: 'continue' };
/**
 * Ends the program as a call does that fails: with a failure record, and {@link Program.failureStatus}.
 *
 * @param errno - A name such as `EINVAL`, or a variable that holds a negative errno.
 */
export const fail = (errno: FailStep['errno'], purpose: Purpose): FailStep => ({
  op: 'fail',
  errno,
  ...purpose,
});
/** Steps under a title. */
export const group = (title: string, ...steps: readonly (Step | readonly Step[])[]): GroupStep => ({
  op: 'group',
  title,
  steps: steps.flat(),
});
/** Ends the process with an exit status. exit_group(2) takes its low eight bits. */
export const exit = (status: number | Slot): CallStep => call('exit_group', [status], { what: 'exit' });

/** The steps directly inside a step, in the order in which `explain` and the compiler number them. */
export function inner(step: Step): readonly (readonly Step[])[] {
  switch (step.op) {
    case 'call':
      return (step.on ?? []).map((handler) => handler.steps);
    case 'clone':
      return [step.child];
    case 'if':
      return step.else ? [step.then, step.else] : [step.then];
    case 'loop':
      return [step.body];
    case 'group':
      return [step.steps];
    default:
      return [];
  }
}

/** Every step of a program, depth first. */
export function* walk(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step;
    for (const list of inner(step)) yield* walk(list);
  }
}
