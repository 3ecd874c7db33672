import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { detect, openCgroup } from '@ns/cgroups';

const APP = fileURLToPath(new URL('..', import.meta.url));

/** What a command answered. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The runtime, built for these tests: callers want one file that they can execute. */
export class Runtime implements Disposable {
  readonly path: string;
  readonly #directory: string;

  constructor() {
    this.#directory = mkdtempSync(join(APP, 'node_modules/.test-'));
    // A user without privilege runs it too.
    chmodSync(this.#directory, 0o755);
    this.path = join(this.#directory, 'ns-oci.js');
    const built = spawnSync(
      process.execPath,
      [join(APP, 'node_modules/tsup/dist/cli-default.js'), '--out-dir', this.#directory],
      { cwd: APP, encoding: 'utf8' },
    );
    if (built.status !== 0) throw new Error(`tsup: ${built.stdout}${built.stderr}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The configuration that tests begin with. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests write what they like into it
export type Config = any;

/** A directory with bundles, a state root and a place for cgroups of its own. */
export class Bench implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'ns-oci-'));
  readonly root: string = join(this.directory, 'state');
  readonly runtime = new Runtime();
  #count = 0;
  #template = '';

  /** Containers of this bench have their cgroups below it. */
  get cgroup(): string {
    return `/${basename(this.directory)}`;
  }

  /** A bundle whose process is a script of the shell. */
  bundle(script: string, change: (config: Config) => void = () => undefined): string {
    const bundle = join(this.directory, `bundle-${++this.#count}`);
    const bin = join(bundle, 'rootfs/bin');
    mkdirSync(bin, { recursive: true });
    for (const name of ['etc', 'proc', 'sys', 'dev', 'tmp']) mkdirSync(join(bundle, 'rootfs', name));
    cpSync('/bin/busybox', join(bin, 'busybox'));
    for (const name of APPLETS) symlinkSync('busybox', join(bin, name));
    writeFileSync(join(bundle, 'rootfs/etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    const file = join(bundle, 'config.json');
    if (this.#template === '') {
      this.must(['spec', '--bundle', bundle]);
      this.#template = readFileSync(file, 'utf8');
    }
    const config: Config = JSON.parse(this.#template);
    config.process.args = ['sh', '-c', script];
    config.process.terminal = false;
    config.linux.cgroupsPath = `${this.cgroup}/${basename(bundle)}`;
    change(config);
    writeFileSync(file, JSON.stringify(config));
    return bundle;
  }

  command(args: readonly string[]): [string, string[]] {
    return [process.execPath, [this.runtime.path, '--root', this.root, ...args]];
  }

  /** Run a command of the runtime to its end. */
  sync(args: readonly string[], options: { readonly input?: string; readonly cwd?: string } = {}): Outcome {
    const [file, words] = this.command(args);
    const result = spawnSync(file, words, {
      encoding: 'utf8',
      timeout: 50_000,
      killSignal: 'SIGKILL',
      ...options,
    });
    const { status, signal, stdout, stderr } = result;
    return { code: status ?? (signal === null ? -1 : -2), stdout, stderr };
  }

  /** As {@link sync}, which must succeed. */
  must(args: readonly string[]): string {
    const { code, stdout, stderr } = this.sync(args);
    if (code !== 0) throw new Error(`${args.join(' ')}: status ${code}: ${stderr}`);
    return stdout;
  }

  /** Run a container to its end. */
  run(bundle: string, ...flags: string[]): Outcome {
    return this.sync(['run', ...flags, '--bundle', bundle, basename(bundle)]);
  }

  /** A container that is created, or with `start` started, whose output goes to a file. */
  create(bundle: string, ...flags: string[]): string {
    const id = basename(bundle);
    const { code, stderr } = this.background(['create', ...flags, '--bundle', bundle, id]);
    if (code !== 0) throw new Error(`create: status ${code}: ${stderr}`);
    return id;
  }

  /** Run a command whose child keeps its output. */
  background(args: readonly string[]): Outcome {
    const [file, words] = this.command(args);
    const script = '"$@" > "$OUT.out" 2> "$OUT.err" < /dev/null';
    const out = join(this.directory, `out-${++this.#count}`);
    const result = spawnSync('sh', ['-c', script, 'sh', file, ...words], {
      env: { ...process.env, OUT: out },
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    this.lastOutput = `${out}.out`;
    return {
      code: result.status ?? -1,
      stdout: readFileSync(`${out}.out`, 'utf8'),
      stderr: readFileSync(`${out}.err`, 'utf8'),
    };
  }

  /** Where the container that was created last writes to. */
  lastOutput = '';

  spawn(args: readonly string[]): ChildProcess {
    const [file, words] = this.command(args);
    return spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  state(id: string): { status: string; pid: number } & Record<string, unknown> {
    return JSON.parse(this.must(['state', id]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stdout } = this.sync(['list', '--quiet']);
    for (const id of stdout.split('\n').filter((line) => line !== '')) this.sync(['delete', '--force', id]);
    if (detect().hierarchies.length > 0) await removeCgroup(this.cgroup);
    rmSync(this.directory, { recursive: true, force: true });
    this.runtime[Symbol.dispose]();
  }
}

const APPLETS =
  'sh cat echo ls id sleep true false stty tty env pwd grep stat mount touch hostname ip kill readlink head wc ionice mkdir uname'.split(
    ' ',
  );

async function removeCgroup(path: string): Promise<void> {
  try {
    const cgroup = openCgroup(path);
    await cgroup.kill();
    await cgroup.remove();
  } catch {
    // It was never made.
  }
}

/** Wait until something holds. */
export async function until(holds: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
