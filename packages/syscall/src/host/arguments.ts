import { SYSCALLS, type SyscallName } from '../program/syscalls.js';
import { AT } from '../uapi/fcntl.js';
import { FLAG_SETS, flagText } from '../uapi/flags.js';

/** What a system call made in this process takes: a word, text, memory, or a null pointer. */
export type Argument = number | bigint | string | Uint8Array | null;

/** The arguments of a call as its signature reads them: `AT_FDCWD, "/proc", MS_BIND|MS_REC`. */
export function argumentsText(name: SyscallName, args: readonly Argument[]): string {
  const kinds: readonly string[] = SYSCALLS[name].args;
  return args.map((arg, index) => argumentText(kinds[index] ?? 'int', arg)).join(', ');
}

function argumentText(kind: string, arg: Argument): string {
  if (arg === null) return 'NULL';
  if (typeof arg === 'string') return JSON.stringify(arg);
  if (typeof arg === 'object') return `<${arg.length} bytes>`;
  if (kind in FLAG_SETS) return flagText(kind, arg);
  if (kind === 'mode') return `0${arg.toString(8)}`;
  return kind === 'fd' && Number(arg) === AT.AT_FDCWD ? 'AT_FDCWD' : String(arg);
}
