import { readFileSync } from 'node:fs';

import { isErrno, NsError, type NsErrorCode } from '@ns/errors';

/** What the last line of a log says that is an error; undefined without one. Pure. */
export function errorIn(log: string): string | undefined {
  const messages = log.split('\n').flatMap((line) => {
    const entry = parse(line);
    return entry?.level === 'error' || entry?.level === 'fatal' || entry?.level === 'warning' ? [entry] : [];
  });
  // runsc says as a warning that it gives up.
  const fatal = messages.filter(({ level, msg }) => level !== 'warning' || msg.startsWith('FATAL ERROR'));
  return fatal.at(-1)?.msg.replace(/^FATAL ERROR: /, '');
}

function parse(line: string): { readonly level: string; readonly msg: string } | undefined {
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    return typeof level === 'string' && typeof msg === 'string' ? { level, msg } : undefined;
  } catch {
    return undefined;
  }
}

/** The same of a file, which need not be there. */
export function errorInFile(path: string): string | undefined {
  try {
    return errorIn(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What runc, crun and runsc say of a command that is not there. */
const NOT_FOUND: readonly RegExp[] = [
  /executable file .*not found/,
  /error finding executable .*no such file or directory/,
  /exec: ".*": stat .*: (no such file or directory|not a directory)/,
  /open executable: (No such file or directory|Not a directory)/,
  /failed to load .*: (no such file or directory|not a directory)/,
];

/** What they say of one that cannot be executed. */
const NOT_EXECUTABLE: readonly RegExp[] = [
  /exec: ".*": (is a directory|permission denied)/,
  /open executable: (Permission denied|Is a directory)/,
  /(exec|open) .*: (exec format error|permission denied|Exec format error)/,
  /exec format error/i,
  /failed to load .*: (permission denied|exec format error|is a directory)/,
  /error finding executable .*permission denied/,
];

/** What a failure of the runtime means to the caller. Pure. */
export function codeOf(message: string): NsErrorCode {
  if (NOT_FOUND.some((pattern) => pattern.test(message))) return 'ERR_NS_COMMAND_NOT_FOUND';
  if (NOT_EXECUTABLE.some((pattern) => pattern.test(message))) return 'ERR_NS_COMMAND_NOT_EXECUTABLE';
  return 'ERR_NS_TOOL_FAILED';
}

const HINTS: Partial<Readonly<Record<NsErrorCode, string>>> = {
  ERR_NS_COMMAND_NOT_FOUND:
    'check the spelling and the PATH; for a script or a dynamic program, its interpreter must exist in the container too',
  ERR_NS_COMMAND_NOT_EXECUTABLE:
    'the file needs the execute permission, and has to be a program for this machine',
};

/** Something that the runtime was to do, and did not. */
export interface RuntimeFailure {
  /** `start`, `exec`. */
  readonly operation: string;
  /** `runc`. */
  readonly runtime: string;
  /** What it said, as far as that is known. */
  readonly said: string | undefined;
  /** Its exit status. */
  readonly status: number | undefined;
  /** The program that was to be run. */
  readonly command: string;
}

/** The error of a runtime that failed. */
export function runtimeError({ operation, runtime, said, status, command }: RuntimeFailure): NsError {
  if (said === undefined || said.trim() === '') {
    return new NsError('ERR_NS_TOOL_FAILED', {
      operation,
      message: `${runtime} ended with ${status === undefined ? 'a signal' : `status ${status}`} and said nothing`,
      hint: 'look for a signal or the out-of-memory killer in the kernel log (dmesg)',
    });
  }
  const code = codeOf(said);
  const fact = `${runtime}: ${withSysctlName(said.trim())}`;
  return new NsError(code, {
    operation,
    message: code === 'ERR_NS_TOOL_FAILED' || fact.includes(command) ? fact : `run ${command}: ${fact}`,
    hint: HINTS[code] ?? `it is ${runtime} that refused: its documentation may tell more`,
  });
}

/** Runtimes tell of the file; users know the name with dots. */
export function withSysctlName(text: string): string {
  const [, path] = /\/proc\/sys\/([^\s:`'"]+)/.exec(text) ?? [];
  const name = path?.replaceAll('/', '.');
  return name === undefined || text.includes(name) ? text : `${text} (sysctl ${name})`;
}
