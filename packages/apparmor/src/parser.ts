import { execFile } from 'node:child_process';

import { NsError } from '@ns/errors';

import { unsupported } from './errors.js';
import { findParser } from './support.js';

/** How {@link compileProfile} goes about it. */
export interface CompileOptions {
  /** Path of `apparmor_parser`. Default: looked for on PATH and in the sbin folders. */
  readonly parser?: string | undefined;
  /**
   * The features folder of a kernel, or a copy of it, to compile for that kernel and not for the running one: `abi
   * <kernel>` in the text means it then.
   */
  readonly features?: string | undefined;
  /** Default: 60 000. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 60_000;
/** More than any policy: the parser's output is held in memory. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/**
 * Make the text of profiles into what the kernel takes, without loading it.
 *
 * @remarks
 * Runs `apparmor_parser`, of Debian's package `apparmor`: it is the one program outside of this project that is needed,
 * and only here. Text is given on its standard input; neither its cache nor the kernel is touched. See
 * apparmor_parser(8) and apparmor.d(5).
 *
 * @returns For {@link loadCompiled}.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the parser is not installed, `ERR_NS_INVALID_ARGUMENT` with its
 * words when the text is wrong, `ERR_NS_TIMEOUT`.
 */
export async function compileProfile(text: string, options: CompileOptions = {}): Promise<Buffer> {
  const { features, timeoutMs = TIMEOUT_MS } = options;
  const parser = requireParser(options.parser);
  const isElsewhere = features !== undefined;
  const args = isElsewhere ? ['--features-file', features, '--policy-features', features] : [];
  // The parser looks for <kernel> in securityfs only.
  const input = isElsewhere ? text.replaceAll(/^[ \t]*abi[ \t]+<kernel>[ \t]*,/gm, '') : text;
  const { status, stdout, stderr } = await run(
    parser,
    [...args, '--skip-cache', '--stdout'],
    input,
    timeoutMs,
  );
  if (status === 0 && stdout.length > 0) return stdout;
  const words = stderr
    .replaceAll(/^AppArmor parser error(?: for \S+)?/gm, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ');
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'apparmor',
    message: `the profile is not understood: ${words === '' ? 'it is empty' : words}`,
    hint: 'apparmor.d(5) has the syntax; older parsers do not know every kind of rule',
  });
}

/**
 * The version of `apparmor_parser`: `[3, 0, 8]`.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when it is not installed.
 */
export async function parserVersion(options: Pick<CompileOptions, 'parser'> = {}): Promise<number[]> {
  const parser = requireParser(options.parser);
  const { stdout } = await run(parser, ['--version'], '', TIMEOUT_MS);
  const [, version] = /version (\d+(?:\.\d+)*)/.exec(stdout.toString()) ?? [];
  if (version === undefined) throw missing(parser);
  return version.split('.').map(Number);
}

function requireParser(given: string | undefined): string {
  const parser = given ?? findParser();
  if (parser === undefined) throw missing('apparmor_parser');
  return parser;
}

const missing = (parser: string, cause?: unknown): NsError =>
  unsupported(
    `${parser} is needed to load a profile from its text, and cannot be run`,
    'apt-get install apparmor, or load a profile that was compiled elsewhere',
    cause,
  );

interface Ran {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(parser: string, args: readonly string[], input: string, timeoutMs: number): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // Its messages are read by us: not in the user's language.
    const options = {
      timeout: timeoutMs,
      maxBuffer: LARGEST_BYTES,
      encoding: 'buffer',
      env: { LC_ALL: 'C' },
    } as const;
    const child = execFile(parser, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === 'number') resolve({ status, stdout, stderr: stderr.toString() });
      else if (error?.killed) {
        reject(
          new NsError('ERR_NS_TIMEOUT', {
            operation: 'apparmor',
            message: `${parser} did not finish within ${timeoutMs} ms`,
            hint: 'profiles with many patterns take long to compile: give it more time',
            cause: error,
          }),
        );
      } else reject(missing(parser, error));
    });
    // It may be gone before it has read everything: its status tells then.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
