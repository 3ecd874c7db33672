import { argumentTexts } from '../program/arguments.js';
import { bytes, cstr, type Operand } from '../program/ir.js';
import { type HostSyscallName, isOfPrograms } from './host-only.js';

/** What a system call made in this process takes: a word, text, memory, or a null pointer. */
export type Argument = number | bigint | string | Uint8Array | null;

/** Longest text of one argument in an error. */
const LIMIT = 200;

/** The arguments of a call as its signature reads them: `AT_FDCWD, "/proc", MS_BIND|MS_REC`. */
export function argumentsText(name: HostSyscallName, args: readonly Argument[]): string {
  const texts = isOfPrograms(name)
    ? argumentTexts(name, args.map(toOperand), LIMIT)
    : args.map((arg) => (typeof arg === 'object' ? memoryText(arg) : String(arg)));
  return texts.join(', ');
}

const memoryText = (memory: Uint8Array | null): string =>
  memory === null ? 'NULL' : `<${memory.length} bytes>`;

function toOperand(arg: Argument): Operand {
  if (typeof arg === 'string') return cstr(arg);
  if (arg === null) return 0;
  return typeof arg === 'object' ? bytes(arg, memoryText(arg)) : arg;
}
