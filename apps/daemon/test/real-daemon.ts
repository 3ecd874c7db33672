import { type ChildProcess, execFile, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { detect, openCgroup } from '@ns/cgroups';
import { EngineClient } from '@ns/engine-api';
import { which } from '@ns/testing';
import { SOURCE_LOADER } from '@ns/testing/source-loader';

import { until } from './harness.js';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../src/ns-daemon.ts', import.meta.url));

/** What a command answered. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a daemon runs. */
export interface Place {
  /** A process whose network namespace it has, with a default network. */
  readonly netns?: number;
  /** A command that runs it. */
  readonly wrapper?: readonly string[];
}

/** The daemon as a process of its own, from its sources, with the native driver and directories of its own. */
export class RealDaemon implements AsyncDisposable {
  readonly directory: string;
  readonly client: EngineClient;
  readonly #netns: number | undefined;
  readonly #wrapper: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(place: number | Place | undefined) {
    const { netns, wrapper = [] } = typeof place === 'object' ? place : { netns: place };
    this.#netns = netns;
    this.#wrapper = wrapper;
    this.directory = mkdtempSync(join(tmpdir(), 'ns-real-'));
    this.client = new EngineClient({ host: this.host });
  }

  get host(): string {
    return `unix://${join(this.directory, 'ns.sock')}`;
  }

  /** Its containers' control groups are here, and nowhere else. */
  get cgroupParent(): string {
    return `/${basename(this.directory)}`;
  }

  /** The directories of control groups that its containers have, in all hierarchies. */
  cgroups(): string[] {
    return cgroupDirectories(this.cgroupParent).flatMap((parent) =>
      readdirSync(parent, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(parent, name)),
    );
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What it logged. */
  get log(): string {
    return readFileSync(join(this.directory, 'log'), 'utf8');
  }

  /** @param netns - A process whose network namespace it runs in, with a default network. Default: this one, without. */
  static async start(netns?: number | Place, ...flags: string[]): Promise<RealDaemon> {
    const daemon = new RealDaemon(netns);
    try {
      await daemon.start(...flags);
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  async start(...flags: string[]): Promise<void> {
    const { openSync, closeSync } = await import('node:fs');
    const log = openSync(join(this.directory, 'log'), 'a');
    this.#child = this.spawn(flags, { stdio: ['ignore', log, log] });
    closeSync(log);
    const answers = async (): Promise<boolean> => {
      if (this.#child?.exitCode !== null) throw new Error(`ns-daemon did not start:\n${this.log}`);
      return await this.client.ping().then(
        () => true,
        () => false,
      );
    };
    // From its sources, on a busy machine.
    await until('the daemon answers', answers, 50_000).catch(async (error: unknown) => {
      await this.end('SIGKILL');
      throw error;
    });
  }

  /** Another daemon with the same flags. */
  spawn(flags: readonly string[], options: SpawnOptions): ChildProcess {
    // The daemon's umask is its starter's: it must not matter.
    const own = [
      '-H',
      this.host,
      '-g',
      join(this.directory, 'data'),
      '--exec-root',
      join(this.directory, 'exec'),
      '--cgroup-parent',
      this.cgroupParent,
      // The machine's own says nothing here.
      '--config-file',
      '/dev/null',
    ];
    const command = [...this.#wrapper, process.execPath, ...SOURCE_LOADER, MAIN, ...own];
    // The machine's own network is left alone.
    if (this.#netns === undefined)
      return spawn(command[0] as string, [...command.slice(1), '-b', 'none', ...flags], options);
    return spawn('nsenter', ['-t', String(this.#netns), '--net', '--', ...command, ...flags], options);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.client.close();
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Run the machine's docker client. */
  async docker(...args: string[]): Promise<Outcome> {
    return await this.dockerWith('', ...args);
  }

  /** The same, with something on its standard input. */
  async dockerWith(input: string | Buffer, ...args: string[]): Promise<Outcome> {
    const env = { ...process.env, DOCKER_CONFIG: join(this.directory, 'docker'), DOCKER_HOST: this.host };
    const running = run('docker', args, { env, maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.on('error', () => undefined);
    running.child.stdin?.end(input);
    return await running.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code?: number; stdout?: string; stderr?: string }) => {
        if (typeof error.code !== 'number') throw error;
        return { code: error.code, stdout: error.stdout ?? '', stderr: error.stderr ?? '' };
      },
    );
  }

  /** Import a busybox root file system as the image `busybox`. */
  async importBusybox(): Promise<void> {
    const root = makeBusyboxRoot(join(this.directory, 'busybox'));
    const { stdout } = await run('tar', ['-C', root, '-c', '.'], {
      encoding: 'buffer',
      maxBuffer: 64 * 1024 * 1024,
    });
    const { code, stderr } = await this.dockerWith(
      stdout,
      'import',
      '-c',
      'CMD ["sh"]',
      '-c',
      'ENV FROM=image',
      '-',
      'busybox',
    );
    if (code !== 0) throw new Error(`docker import: ${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) {
      for (const { Id } of await this.client.containerList({ all: true })) {
        await this.client.containerRemove(Id, { force: true, v: true });
      }
    }
    await this.end('SIGTERM');
    // A daemon that could not be started again has left its containers running.
    for (const name of new Set(this.cgroups().map((directory) => basename(directory)))) {
      const group = openCgroup(`${this.cgroupParent}/${name}`);
      await group.kill();
      await group.remove();
    }
    rmSync(this.directory, { recursive: true, force: true });
    for (const parent of cgroupDirectories(this.cgroupParent)) rmdirSync(parent);
  }
}

/** The directories of a control group that there are. */
const cgroupDirectories = (path: string): string[] =>
  detect()
    .hierarchies.map(({ mountPoint }) => join(mountPoint, path))
    .filter((directory) => existsSync(directory));

/** A root file system of the machine's busybox. */
export function makeBusyboxRoot(root: string): string {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'var']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(which('busybox') as string, join(root, 'bin/busybox'));
  for (const applet of [
    'sh',
    'cat',
    'echo',
    'sleep',
    'ls',
    'id',
    'true',
    'false',
    'dd',
    'stty',
    'ps',
    'hostname',
    'env',
    'head',
    'touch',
    'kill',
    'grep',
    'seq',
    'pwd',
    'wc',
    'mkdir',
    'stat',
    'tr',
    'nproc',
    'ip',
    'ping',
    'nc',
    'wget',
    'arping',
  ]) {
    if (!existsSync(join(root, 'bin', applet))) symlinkSync('busybox', join(root, 'bin', applet));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\napp:x:1000:\n');
  return root;
}
