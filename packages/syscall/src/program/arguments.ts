import {
  ACCESS,
  AT,
  CAP,
  CLOCK,
  F,
  F_SEAL,
  FD,
  flagText,
  KEYCTL,
  major,
  minor,
  O,
  PR,
  PR_CAP_AMBIENT,
  S,
  SECCOMP,
  SIG_HOW,
} from '../uapi/index.js';
import type { CloneStep, Data, Operand } from './ir.js';
import { SYSCALLS, type ArgumentKind, type SyscallName } from './syscalls.js';

/** Longest text of an argument where people read it: the step is what they look for. */
export const READABLE = 200;

type Constants = Readonly<Record<string, number>>;

/**
 * The arguments of a call as text: `['AT_FDCWD', '"/proc"', 'O_PATH|O_CLOEXEC', '0']`.
 *
 * @param limit - Longest text of one argument, in characters; what is longer is cut and ends in `…`. A program of
 * 10 MiB of arguments must not become an error message of 10 MiB.
 */
export function argumentTexts(
  name: SyscallName,
  args: readonly Operand[],
  limit: number = Infinity,
): string[] {
  const kinds: readonly string[] = SYSCALLS[name].args;
  return used(name, args).map((operand, index) => {
    if (typeof operand === 'object') return operandText(operand, limit);
    const value = BigInt.asIntN(64, BigInt(operand));
    return refined(name, index, value, args) ?? constantText(kinds[index] ?? 'int', value);
  });
}

/** An operand that is no argument: numbers are plain. */
export function operandText(operand: Operand, limit: number = Infinity): string {
  if (typeof operand !== 'object') return operand.toString();
  if (operand.kind === 'slot') return operand.name;
  if (operand.kind === 'data') return dataText(operand, limit);
  return `${dataText(operand.data, limit)} + ${operand.offset}`;
}

/** The system call of a clone step. */
export const cloneName = ({ args }: CloneStep): 'clone' | 'clone3' =>
  typeof args === 'number' ? 'clone' : 'clone3';

/** The arguments of a clone step, which makes its call itself. */
export function cloneTexts({ args }: CloneStep, limit: number = Infinity): string[] {
  if (typeof args === 'number') return [`${flagText('CLONE', args)}|SIGCHLD`, '0', '0', '0', '0'];
  return [dataText(args, limit), String(typeof args.bytes === 'number' ? args.bytes : args.bytes.length)];
}

/** Data as an argument: a quoted string, the members of a struct, the strings of an array. */
export function dataText({ text, pointers }: Data, limit: number = Infinity): string {
  if (text.length <= limit) return text;
  if (text.startsWith('"')) return `${text.slice(0, limit - 2).replace(/\\(?:u[0-9a-f]{0,3})?$/, '')}"…`;
  if (!text.startsWith('[')) return `${text.slice(0, limit - 1)}…`;
  // Whole strings, and how many there are.
  const end = text.lastIndexOf('", ', limit);
  return `[${end === -1 ? '' : `${text.slice(1, end + 1)}, `}… ${pointers.length} in all]`;
}

/** Calls that take as many arguments as their operation needs: the zeros at the end say nothing. */
const VARYING: ReadonlySet<SyscallName> = new Set(['prctl', 'keyctl']);

function used(name: SyscallName, args: readonly Operand[]): readonly Operand[] {
  if (!VARYING.has(name)) return args;
  return args.slice(0, Math.max(2, args.findLastIndex((operand) => operand !== 0) + 1));
}

const octal = (value: bigint): string => (value === 0n ? '0' : `0${value.toString(8)}`);

const nameIn = (constants: Constants, value: bigint): string | undefined =>
  Object.keys(constants).find((key) => constants[key] === Number(value));

/** A sum of flags by name, or undefined when a bit has no name. */
function bitsIn(constants: Constants, value: bigint): string | undefined {
  const names = Object.entries(constants).filter(([, bit]) => bit !== 0 && (value & BigInt(bit)) !== 0n);
  const sum = names.reduce((bits, [, bit]) => bits | BigInt(bit), 0n);
  return value !== 0n && sum === value ? names.map(([key]) => key).join('|') : undefined;
}

/** Bits that a call shares with another set: `OPEN_TREE|AT`. */
function sharedFlags(sets: readonly string[], value: bigint): string {
  const [first = '', second = ''] = sets;
  const text = flagText(first, value);
  const rest = /(?:^|\|)0x([0-9a-f]+)$/.exec(text);
  if (rest === null) return text;
  return text.slice(0, text.length - rest[1]!.length - 2) + flagText(second, BigInt(`0x${rest[1]!}`));
}

function constantText(kind: string, value: bigint): string {
  switch (kind as ArgumentKind) {
    case 'fd':
      return value === BigInt(AT.AT_FDCWD) ? 'AT_FDCWD' : value.toString();
    case 'path':
    case 'str':
    case 'ptr':
    case 'struct':
    case 'argv':
    case 'envp':
      return value === 0n ? 'NULL' : `0x${BigInt.asUintN(64, value).toString(16)}`;
    case 'mode':
      return modeText(value);
    case 'dev':
      return `makedev(${major(Number(value))}, ${minor(Number(value))})`;
    case 'flags':
      return value > 0n ? `0x${value.toString(16)}` : value.toString();
    case 'int':
    case 'size':
    case 'id':
    case 'pid':
      return value.toString();
    default:
      return kind.includes('|') ? sharedFlags(kind.split('|'), value) : flagText(kind, value);
  }
}

/** Permissions in octal, behind the file type of mknodat(2). */
function modeText(value: bigint): string {
  const type = value & BigInt(S.S_IFMT);
  if (type === 0n) return octal(value);
  const name = nameIn(S, type);
  return name === undefined ? octal(value) : `${name}|${octal(value - type)}`;
}

const OPEN_MODES = ['O_RDONLY', 'O_WRONLY', 'O_RDWR'];

/** The flags of openat(2): reading is a zero among them, and has a name all the same. */
function openFlags(value: bigint): string {
  const text = flagText('O', value);
  const readOnly = (value & 3n) === 0n && (value & BigInt(O.O_PATH)) === 0n;
  if (!readOnly) return text;
  return value === 0n ? OPEN_MODES[0]! : `${OPEN_MODES[0]!}|${text}`;
}

/** Constants that are particular to one call, or depend on another argument of it. */
function refined(
  name: SyscallName,
  index: number,
  value: bigint,
  args: readonly Operand[],
): string | undefined {
  switch (`${name} ${index}`) {
    case 'openat 2':
      return openFlags(value);
    case 'fcntl 2':
      return fcntlArgument(args[1], value);
    case 'prctl 1':
      return prctlArgument(args[0], value);
    case 'prctl 2':
      return args[0] === PR.PR_CAP_AMBIENT ? nameIn(CAP, value) : undefined;
    case 'faccessat 2':
    case 'faccessat2 2':
      return value === 0n ? 'F_OK' : bitsIn(ACCESS, value);
    case 'rt_sigprocmask 0':
      return nameIn(SIG_HOW, value);
    case 'clock_gettime 0':
      return nameIn(CLOCK, value);
    case 'keyctl 0':
      return nameIn(KEYCTL, value);
    case 'seccomp 0': {
      const { SECCOMP_SET_MODE_STRICT, SECCOMP_SET_MODE_FILTER } = SECCOMP;
      return nameIn({ SECCOMP_SET_MODE_STRICT, SECCOMP_SET_MODE_FILTER }, value);
    }
    default:
      return undefined;
  }
}

function fcntlArgument(command: Operand | undefined, value: bigint): string | undefined {
  if (command === F.F_SETFD) return bitsIn(FD, value);
  if (command === F.F_SETFL) return openFlags(value);
  if (command === F.F_ADD_SEALS) return bitsIn(F_SEAL, value);
  return undefined;
}

function prctlArgument(operation: Operand | undefined, value: bigint): string | undefined {
  if (operation === PR.PR_SET_PDEATHSIG) return flagText('SIG', value);
  if (operation === PR.PR_CAPBSET_DROP || operation === PR.PR_CAPBSET_READ) return nameIn(CAP, value);
  if (operation === PR.PR_CAP_AMBIENT) return nameIn(PR_CAP_AMBIENT, value);
  if (operation === PR.PR_SET_SECUREBITS) return flagText('SECBIT', value);
  return undefined;
}
