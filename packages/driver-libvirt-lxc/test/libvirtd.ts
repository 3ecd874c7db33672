import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { findInstallation } from '../src/install.js';
import { uriOf } from '../src/connection.js';

/** The machine's own network and libvirt are not touched: libvirtd has namespaces of its own. */
const SCRIPT = `
set -e
umount /sys/fs/cgroup/unified 2> /dev/null || :
for each in /run /var/lib /var/log /var/cache; do mount -t tmpfs test "$each"; done
exec libvirtd --config "$1"
`;

/** A libvirtd as a machine has one, that is only the test's. */
export class Libvirtd {
  readonly socket: string;
  readonly uri: string;
  readonly #directory: string;
  readonly #log: () => string;
  #process: ChildProcess | undefined;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'ns-libvirtd-'));
    this.socket = join(this.#directory, 'libvirt-sock');
    this.uri = uriOf(this.socket);
    const log = join(this.#directory, 'log');
    this.#log = () => readFileSync(log, 'utf8');
    const config = { unix_sock_dir: this.#directory, log_outputs: `2:file:${log}`, auth_unix_rw: 'none' };
    writeFileSync(
      join(this.#directory, 'config'),
      Object.entries(config)
        .map(([key, value]) => `${key} = "${value}"\n`)
        .join(''),
    );
  }

  async start(): Promise<void> {
    const found = findInstallation();
    if ('missing' in found) throw new Error(`${found.missing} is not installed`);
    const drivers = mkdtempSync(join(this.#directory, 'drivers-'));
    execFileSync('ln', ['-s', found.driver, drivers]);
    const args = ['--mount', '--net', 'sh', '-c', SCRIPT, 'sh', join(this.#directory, 'config')];
    this.#process = spawn('unshare', args, {
      stdio: 'ignore',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LIBVIRT_DRIVER_DIR: drivers },
    });
    for (let count = 0; !(await answers(this.socket)); count++) {
      if (count === 500 || this.#process.exitCode !== null) throw new Error(`no libvirtd: ${this.#log()}`);
      await sleep(20);
    }
  }

  /** As by SIGKILL: what it was watching goes on. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** What virsh prints. */
  virsh(...args: string[]): string {
    return execFileSync('virsh', ['--quiet', '--connect', this.uri, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
