import {
  execFileSync,
  spawn,
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
} from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { which } from '@ns/testing';

import { ended, type Ended } from './program.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const PATIENCE_MS = 20_000;

/** What is shipped, built if it is older than its sources. */
const SHIPPED: { readonly ns: string; readonly daemon: string } = {
  ns: join(repository, 'apps/cli/dist/ns.js'),
  daemon: join(repository, 'apps/daemon/dist/ns-daemon.js'),
};

/** Build what is shipped. */
export function buildShipped(): void {
  const turbo = join(repository, 'node_modules/.bin/turbo');
  const filters = ['--filter=@ns/cli', '--filter=@ns/daemon'];
  execFileSync(turbo, ['run', 'build', ...filters, '--output-logs=errors-only'], {
    cwd: repository,
    stdio: 'pipe',
  });
}

/** A daemon with directories of its own, and a root file system made of busybox. */
export class Machine {
  readonly folder: string;
  readonly rootfs: string;
  readonly host: string;
  readonly #node: string;
  #daemon: ChildProcess | undefined;

  /** @param node - The Node that runs ns and the daemon. */
  constructor(node: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'ns-e2e-'));
    this.rootfs = join(this.folder, 'rootfs');
    this.host = `unix://${this.folder}/ns.sock`;
    this.#node = node;
    makeRootfs(this.rootfs);
  }

  /** Start the daemon and wait until it serves. */
  async start(): Promise<void> {
    const log = openSync(this.log, 'a');
    const roots = [
      '--config-file',
      '/dev/null',
      '--data-root',
      join(this.folder, 'data'),
      '--exec-root',
      join(this.folder, 'run'),
    ];
    this.#daemon = spawn(this.#node, [SHIPPED.daemon, '-H', this.host, ...roots], {
      stdio: ['ignore', log, log],
    });
    const deadline = Date.now() + PATIENCE_MS;
    while (!existsSync(join(this.folder, 'ns.sock'))) {
      if (this.#daemon.exitCode !== null || Date.now() > deadline)
        throw new Error(readFileSync(this.log, 'utf8'));
      await sleep(20);
    }
  }

  /** The daemon's log. */
  get log(): string {
    return join(this.folder, 'daemon.log');
  }

  /** End the daemon, by SIGKILL as a fault would. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill(signal);
    await once(daemon, 'exit');
    if (signal === 'SIGKILL') rmSync(join(this.folder, 'ns.sock'), { force: true });
  }

  /**
   * Remove all containers, end the daemon, and remove everything.
   *
   * @throws `Error` when mounts were left.
   */
  async close(): Promise<void> {
    const { stdout } = await this.ns('ps -aq');
    const ids = stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.ns(['rm', '-f', ...ids]);
    await this.end('SIGTERM');
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(this.folder));
    if (mounts.length > 0) throw new Error(`mounts were left: ${mounts.join(' ')}`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Start ns. */
  spawn(words: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(this.#node, ['--', SHIPPED.ns, ...words], { env: this.env });
  }

  /** The environment of ns. */
  get env(): Record<string, string | undefined> {
    const { NODE_EXTRA_CA_CERTS: _, DOCKER_HOST: __, ...env } = process.env;
    return { ...env, NS_HOST: this.host };
  }

  /** How ns is called in a shell. */
  get command(): string {
    return `${this.#node} -- ${SHIPPED.ns}`;
  }

  /** Run ns to its end. */
  async ns(words: readonly string[] | string, input: string | Buffer = ''): Promise<Ended> {
    const child = this.spawn(typeof words === 'string' ? words.split(' ') : words);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return ended(child);
  }
}

function makeRootfs(folder: string): void {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'dev', 'proc', 'sys'])
    mkdirSync(join(folder, name), { recursive: true });
  const busybox = which('busybox') ?? '';
  copyFileSync(busybox, join(folder, 'bin/busybox'));
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(folder, 'bin', applet));
  writeFileSync(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n',
  );
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nuser:x:1000:\nstaff:x:50:user\n');
}
