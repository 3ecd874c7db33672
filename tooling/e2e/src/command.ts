import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** How a program ended, and what it wrote. */
export interface Ended {
  /** The exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface CommandOptions {
  /** What it reads. Default: nothing, at its end. */
  readonly stdin?: string | Buffer | Readable;
  /** Leave the pipe that it reads to the caller. */
  readonly keepStdinOpen?: boolean;
  /** Milliseconds until it is killed. Default one minute. */
  readonly timeoutMs?: number;
  /** Its whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Given every chunk of stdout, which is not collected then. */
  readonly onStdout?: (chunk: Buffer) => void;
}

/** A program that runs. */
export interface Running {
  readonly child: ChildProcess;
  /** What it wrote to stdout so far. */
  readonly stdout: string;
  readonly ended: Promise<Ended>;
}

const TIMEOUT_MS = 60_000;

/** What every program gets: a bare environment, without what slows Node's start or names an engine. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  ...(process.env['TMPDIR'] === undefined ? {} : { TMPDIR: process.env['TMPDIR'] }),
};

/** Start a program. */
export function start(argv: readonly string[], options: CommandOptions = {}): Running {
  const { stdin = '', timeoutMs = TIMEOUT_MS, env = ENVIRONMENT, cwd, onStdout } = options;
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', onStdout ?? ((chunk: Buffer) => out.push(chunk)));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A program may end before it has read everything.
  child.stdin.on('error', () => undefined);
  if (typeof stdin === 'object' && !Buffer.isBuffer(stdin)) stdin.pipe(child.stdin);
  else if (options.keepStdinOpen !== true) child.stdin.end(stdin);
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
  const ended = new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(`${argv.join(' ').slice(0, 300)}: not over in ${timeoutMs} ms\n${text(out)}\n${text(err)}`),
      );
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, stdout: text(out), stderr: text(err) });
    });
  });
  // Whoever does not wait for it is not told either.
  ended.catch(() => undefined);
  return {
    child,
    ended,
    get stdout() {
      return text(out);
    },
  };
}

/** Run a program to its end. */
export const run = (argv: readonly string[], options: CommandOptions = {}): Promise<Ended> =>
  start(argv, options).ended;

/** What a program writes to stdout. @throws `Error` with what it wrote to stderr when its status is not 0. */
export async function output(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, signal, stdout, stderr } = await run(argv, options);
  if (status === 0) return stdout;
  throw new Error(`${argv.join(' ').slice(0, 300)}: ended with ${status ?? signal}\n${stdout}\n${stderr}`);
}
