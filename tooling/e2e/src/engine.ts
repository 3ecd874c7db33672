import { deepStrictEqual } from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ENVIRONMENT, output, run, start, type CommandOptions, type Ended, type Running } from './command.ts';
import { executable, systemNode } from './executables.ts';
import { Sandbox } from './sandbox.ts';

const START_MS = 20_000;
const SETTLE_MS = 10_000;
const POLL_MS = 20;

/** Everything that containers could leave behind. */
export interface Traces {
  /** Processes of the sandbox other than the daemon. */
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  /** Of the daemon's data and exec root: one line for each container, snapshot, volume and unfinished thing. */
  readonly files: readonly string[];
  /** Descriptors of the daemon, by what they are. */
  readonly descriptors: readonly string[];
}

/** The folders in which each container has an entry, and no one else. */
const FOLDERS = [
  'data/containers',
  'data/volumes',
  'data/images/rw',
  'data/images/ingest',
  'data/images/trash',
  'exec/native',
  'exec/starting',
];

/** The built ns-daemon, in namespaces of its own, with a socket and directories of its own. */
export class Engine implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly #node: string;

  private constructor(sandbox: Sandbox, node: string) {
    this.sandbox = sandbox;
    this.#node = node;
    // A socket's path has room for 107 bytes, so the directory is not below the repository.
    this.folder = mkdtempSync(join(tmpdir(), 'ns-e2e-'));
  }

  /** Start it. @param node - Runs the daemon and `ns`. */
  static async start(node: string = systemNode()): Promise<Engine> {
    const engine = new Engine(await Sandbox.open(), node);
    await engine.startDaemon();
    // What the daemon makes when it is first needed, its bridge, is there for the rest of its life.
    await engine.out('run --rm hello-world');
    return engine;
  }

  get host(): string {
    return `unix://${join(this.folder, 'ns.sock')}`;
  }

  /** The environment in which `ns` and `docker` find it. */
  get env(): Record<string, string> {
    return { ...ENVIRONMENT, NS_HOST: this.host, DOCKER_HOST: this.host };
  }

  /** The command line of ns. */
  get command(): string[] {
    // Node 20 takes --env-file for its own, wherever it stands, unless told that its own flags are over.
    return [this.#node, '--', executable('cli')];
  }

  /** Start the daemon, which must not be running, and wait until it answers. */
  async startDaemon(): Promise<void> {
    const roots = [
      '--config-file',
      '/dev/null',
      '--data-root',
      join(this.folder, 'data'),
      '--exec-root',
      join(this.folder, 'exec'),
    ];
    const flags = ['-H', this.host, ...roots, '--pidfile', this.#pidfile];
    const log = openSync(this.#log, 'a');
    const child = spawn(
      'nsenter',
      this.sandbox.entering([this.#node, executable('daemon'), ...flags]).slice(1),
      { stdio: ['ignore', log, log], env: ENVIRONMENT },
    );
    closeSync(log);
    const deadline = Date.now() + START_MS;
    while ((await run([...this.command, 'version'], { env: this.env })).status !== 0) {
      if (child.exitCode === null && Date.now() < deadline) await sleep(POLL_MS);
      else throw new Error(`ns-daemon: does not answer\n${this.log().split('\n').slice(-20).join('\n')}`);
    }
  }

  get #pidfile(): string {
    return join(this.folder, 'ns.pid');
  }

  get #log(): string {
    return join(this.folder, 'daemon.log');
  }

  /** What the daemon has logged. */
  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** The daemon's process id in the sandbox. */
  get pid(): number {
    return Number(readFileSync(this.#pidfile, 'utf8').trim());
  }

  /** End the daemon and wait until it is gone. */
  async endDaemon(signal: 'KILL' | 'TERM'): Promise<void> {
    const { pid } = this;
    await this.sandbox.kill(pid, signal);
    await settled(() => !this.sandbox.isAlive(pid), `the daemon ends on SIG${signal}`);
  }

  /** Run ns to its end. */
  ns(args: readonly string[] | string, options: CommandOptions = {}): Promise<Ended> {
    return run([...this.command, ...words(args)], { env: this.env, ...options });
  }

  /** Start ns. */
  startNs(args: readonly string[] | string, options: CommandOptions = {}): Running {
    return start([...this.command, ...words(args)], { env: this.env, ...options });
  }

  /** What ns prints, without the last line feed. @throws `Error` when it fails. */
  async out(args: readonly string[] | string, options: CommandOptions = {}): Promise<string> {
    const text = await output([...this.command, ...words(args)], { env: this.env, ...options });
    return text.replace(/\n$/, '');
  }

  /** A field of a container, by a template: `{{.State.Pid}}`. */
  inspect(name: string, template: string): Promise<string> {
    return this.out(['inspect', '--format', template, name]);
  }

  /** Process 1 of a container, as the sandbox sees it. */
  async pidOf(name: string): Promise<number> {
    return Number(await this.inspect(name, '{{.State.Pid}}'));
  }

  /** The daemon's resident memory in bytes. */
  get residentBytes(): number {
    return residentBytes(this.sandbox.proc(this.pid, 'status'));
  }

  /** What there is now that containers could leave behind. */
  async traces(): Promise<Traces> {
    const { pid } = this;
    const processes = this.sandbox.processes().filter((one) => one.pid !== pid);
    return {
      processes: processes.map(({ name, state }) => `${name} ${state}`).toSorted(),
      mounts: this.sandbox.mounts(),
      interfaces: await this.sandbox.interfaces(),
      files: FOLDERS.flatMap((folder) =>
        entries(join(this.folder, folder)).map((name) => `${folder}/${name}`),
      ),
      descriptors: this.#descriptors(pid),
    };
  }

  /** The kinds of open descriptors; clients' connections come and go. */
  #descriptors(pid: number): string[] {
    const folder = this.sandbox.proc(pid, 'fd');
    return readdirSync(folder)
      .map((fd) => {
        try {
          return readlinkSync(join(folder, fd)).replace(/\[\d+\]/, '');
        } catch {
          return 'socket:';
        }
      })
      .filter((target) => target !== 'socket:')
      .toSorted();
  }

  /**
   * Wait until there is nothing but what there was, and give what there is in the end: to be compared by the test.
   * Clean-up may take a moment after the end of a container is known.
   */
  async settledTraces(before: Traces): Promise<Traces> {
    const wanted = JSON.stringify(before);
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const now = await this.traces();
      if (JSON.stringify(now) === wanted || Date.now() > deadline) return now;
      await sleep(POLL_MS);
    }
  }

  /** For clean-up between tests. @throws `AssertionError` with the difference when something is left. */
  async assertNothingLeft(before: Traces): Promise<void> {
    deepStrictEqual(await this.settledTraces(before), before);
  }

  /** Remove every container; end the daemon and all else in its namespaces; remove every file. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const ids = (await this.ns('ps -aq')).stdout.split('\n').filter((id) => id !== '');
      if (ids.length > 0) await this.ns(['rm', '-f', ...ids]);
      await this.endDaemon('TERM');
    } finally {
      await this.sandbox[Symbol.asyncDispose]();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

const words = (args: readonly string[] | string): readonly string[] =>
  typeof args === 'string' ? args.split(' ') : args;

const entries = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);

/** The resident memory of a process in bytes, by its `/proc/PID/status`: 0 when it has ended. */
export function residentBytes(status: string): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8')) ?? [];
  return Number(kibibytes ?? 0) * 1024;
}

/** Resolves when something holds. @throws `Error` after ten seconds, naming it. */
export async function settled(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs: number = SETTLE_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
