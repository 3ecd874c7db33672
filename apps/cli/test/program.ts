import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('..', import.meta.url));

/** How a run of ns ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run ns. */
export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** ns, built of the sources as they are now. */
export class Program {
  readonly script: string;
  /** What it is told of the engine. */
  host = '';
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.script = join(folder, 'ns.js');
  }

  /** Build it, in a folder of its own. */
  static async build(): Promise<Program> {
    const folder = mkdtempSync(join(tmpdir(), 'ns-cli-'));
    const tsup = spawn(join(home, 'node_modules/.bin/tsup'), ['--out-dir', folder, '--silent'], {
      cwd: home,
      stdio: 'inherit',
    });
    const [status] = (await once(tsup, 'exit')) as [number | null];
    const program = new Program(folder);
    if (status === 0) return program;
    program.remove();
    throw new Error(`tsup ended with ${status}`);
  }

  /** Remove it. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The environment that it runs in: this one, without what names an engine. */
  get env(): Record<string, string | undefined> {
    const { NS_HOST: _, DOCKER_HOST: __, NODE_EXTRA_CA_CERTS: ___, ...env } = process.env;
    return this.host === '' ? env : { ...env, NS_HOST: this.host };
  }

  /** Start it. */
  start(words: readonly string[], options: RunOptions = {}): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, ['--', this.script, ...words], {
      env: { ...this.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  }

  /** Run it to its end. */
  async run(words: readonly string[] | string, options: RunOptions = {}): Promise<Ended> {
    const child = this.start(typeof words === 'string' ? words.split(' ') : words, options);
    // It may end before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    return ended(child);
  }
}

/** The end of a process, with what it has written. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const [out, err, [exitCode, signal]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { exitCode, signal, stdout: out.toString('utf8'), stderr: err.toString('utf8') };
}

/** Resolves when the process has written such a text to stdout. */
export async function writes(child: ChildProcessWithoutNullStreams, text: string): Promise<void> {
  let seen = '';
  for (;;) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    seen += chunk.toString('utf8');
    if (seen.includes(text)) return;
  }
}
