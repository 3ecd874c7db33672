import { execFileSync } from 'node:child_process';

import { NsError } from '@ns/errors';

/** The program that loads libraries, on x86-64: part of the ABI. */
const LOADER = '/lib64/ld-linux-x86-64.so.2';

/**
 * The libraries that a program of the host is linked with, and what loads them: by the words of the loader itself.
 *
 * @throws {@link NsError} `ERR_NS_TOOL_FAILED` when it cannot say.
 */
export function librariesOf(program: string): string[] {
  try {
    return parseLibraries(
      execFileSync(LOADER, ['--list', program], {
        encoding: 'utf8',
        env: {},
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  } catch (error) {
    throw new NsError('ERR_NS_TOOL_FAILED', {
      operation: 'driver uml',
      message: `the libraries of ${program} are not known`,
      path: program,
      hint: `run ${LOADER} --list ${program}; apt-get install --reinstall user-mode-linux`,
      cause: error,
    });
  }
}

/** `	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`; without an arrow, the loader. */
export const parseLibraries = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^\s+(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.slice(1) ?? []);
