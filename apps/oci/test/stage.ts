import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { createCgroup, detect, type Cgroup } from '@ns/cgroups';

import { type Outcome, Runtime } from './harness.js';

/**
 * A machine for engines: network, mounts and, with cgroup version 1, cgroups of its own. What runs in it is gone with it.
 *
 * The hierarchy of version 2 beside those of version 1 is left out: engines of the time do not expect it.
 */
export class Stage implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'ns-oci-stage-'));
  readonly runtime = new Runtime();
  readonly rootfs: string = join(this.directory, 'rootfs');
  readonly #cgroup: Cgroup | undefined;
  readonly #daemons: ChildProcess[] = [];
  #holder: ChildProcess | undefined;

  /** Hierarchies of version 1 that are its own; empty for version 2. */
  get #isolated(): string {
    return this.#cgroup === undefined ? '' : hierarchies();
  }

  /** Of a process in its namespaces. */
  get pid(): number {
    return this.#holder!.pid!;
  }

  constructor() {
    const { kind } = detect();
    this.#cgroup =
      kind === 'v2'
        ? undefined
        : createCgroup({ parent: '/', name: basename(this.directory), resources: {} });
    const bin = join(this.rootfs, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const name of ['etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'var']) mkdirSync(join(this.rootfs, name));
    cpSync('/bin/busybox', join(bin, 'busybox'));
    const { stdout } = spawnSync('/bin/busybox', ['--list'], { encoding: 'utf8' });
    for (const name of stdout.split('\n')) {
      if (name !== '' && name !== 'busybox') symlinkSync('busybox', join(bin, name));
    }
    writeFileSync(join(this.rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    writeFileSync(join(this.rootfs, 'etc/group'), 'root:x:0:\n');
  }

  async open(): Promise<this> {
    const holder = spawn('sh', ['-c', SCRIPT], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, CGROUPS: this.#isolated },
    });
    this.#holder = holder;
    this.#cgroup?.add(holder.pid!);
    holder.stdin.write('\n');
    await once(holder.stdout, 'data');
    return this;
  }

  #words(words: readonly string[]): [string, string[]] {
    const inside = ['-t', String(this.#holder!.pid), '--net', '--mount', '--cgroup', '--'];
    return ['nsenter', [...inside, 'sh', '-c', JOIN, 'sh', ...words]];
  }

  /** Run a command to its end. */
  run(
    words: readonly string[],
    options: { readonly input?: string; readonly env?: Record<string, string> } = {},
  ): Outcome {
    const [file, args] = this.#words(words);
    const { status, stdout, stderr } = spawnSync(file, args, {
      encoding: 'utf8',
      timeout: 100_000,
      killSignal: 'SIGKILL',
      input: options.input ?? '',
      env: { ...environment(), CGROUPS: this.#isolated, ...options.env },
      cwd: '/',
    });
    return { code: status ?? -1, stdout, stderr };
  }

  /** Start a daemon, which is ended with the stage. */
  daemon(words: readonly string[]): void {
    const [file, args] = this.#words(words);
    const child = spawn(file, args, {
      stdio: 'ignore',
      env: { ...environment(), CGROUPS: this.#isolated },
      cwd: '/',
    });
    this.#daemons.push(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons) {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20_000).unref())]);
      daemon.kill('SIGKILL');
    }
    this.#holder?.kill('SIGKILL');
    await this.#cgroup?.kill();
    await this.#cgroup?.remove();
    rmSync(this.directory, { recursive: true, force: true });
    this.runtime[Symbol.dispose]();
  }
}

/** What callers find in their environment: Node's own settings make it slow. */
function environment(): Record<string, string | undefined> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...rest } = process.env;
  return rest;
}

const hierarchies = (): string =>
  detect()
    .hierarchies.filter(({ version }) => version === 1)
    .map(
      ({ mountPoint, controllers, name }) =>
        `${basename(mountPoint)}:${controllers.join(',') || `name=${name}`}`,
    )
    .join(' ');

/** Whoever enters the namespaces is in the cgroups of where it came from. */
const JOIN = `
if [ -n "$CGROUPS" ]; then for f in /sys/fs/cgroup/*/cgroup.procs; do echo $$ > "$f"; done; fi
exec "$@"`;

/** sysfs shows the devices of the network namespace in which it is mounted. */
const SCRIPT = `
read -r go
exec unshare --net --mount --cgroup --propagation private sh -c '
  set -e
  mount -t tmpfs -o mode=755 tmpfs /run; mkdir /run/lock /run/netns
  if [ -n "$CGROUPS" ]; then
    umount -l /sys/fs/cgroup; umount -l /sys; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /sys/fs/cgroup
    for one in $CGROUPS; do
      mkdir "/sys/fs/cgroup/\${one%%:*}"; mount -t cgroup -o "\${one#*:}" cgroup "/sys/fs/cgroup/\${one%%:*}"
    done
  else
    mkdir /run/cg; mount --rbind /sys/fs/cgroup /run/cg; mount -t sysfs sysfs /sys
    mount --rbind /run/cg /sys/fs/cgroup; umount -l /run/cg
  fi
  ip link set lo up; echo 1 > /proc/sys/net/ipv4/ip_forward
  echo ready; exec sleep 100000'
`;
