import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { createCgroup, detect, type Cgroup } from '@ns/cgroups';

import type { Outcome } from './harness.js';

/**
 * systemd and dbus as they are on a host, in namespaces and cgroups of their own: process 1 has the machine's files,
 * read-only, and loads no unit but those below. (With the machine's own units it would clean up the machine's /tmp.)
 */
export class SystemdHost implements AsyncDisposable {
  readonly #cgroup: Cgroup;
  readonly #unshare: ChildProcess;
  /** Process 1 of it, as the host sees it. */
  readonly pid: number;

  private constructor(cgroup: Cgroup, unshare: ChildProcess, pid: number) {
    this.#cgroup = cgroup;
    this.#unshare = unshare;
    this.pid = pid;
  }

  static async start(): Promise<SystemdHost> {
    const layout = detect();
    const cgroup = createCgroup({
      parent: '/',
      name: `ns-systemd-${process.pid}`,
      layout,
      // Without a word about them, version 2 does not have the controllers in it.
      resources: layout.kind === 'v2' ? CONTROLLERS : {},
    });
    const flags = ['--mount', '--pid', '--fork', '--kill-child', '--cgroup', '--net', '--ipc', '--uts'];
    const unshare = spawn(
      'sh',
      ['-c', 'read go; exec unshare "$@"', 'sh', ...flags, '--propagation', 'private', 'sh', '-ec', SETUP],
      { stdio: ['pipe', 'ignore', 'inherit'], env: { ...process.env, LAYOUT: layout.kind } },
    );
    await once(unshare, 'spawn');
    const first = unshare.pid ?? 0;
    cgroup.add(first);
    unshare.stdin?.end('\n');
    const pid = await childOf(first);
    // Version 2 gives controllers to groups below one that has no process itself, which is systemd's root here.
    if (layout.kind === 'v2') writeFileSync('/sys/fs/cgroup/cgroup.procs', String(first));
    const host = new SystemdHost(cgroup, unshare, pid);
    try {
      await host.#awaitBus();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #awaitBus(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (this.run(['busctl', '--quiet', 'status', 'org.freedesktop.systemd1']).code === 0) return;
      await sleep(100);
    }
    throw new Error('systemd is not on its bus');
  }

  /** Run a program there. */
  run(words: readonly string[], input = ''): Outcome {
    const args = ['--target', String(this.pid), '--all', '--', ...words];
    const result = spawnSync('nsenter', args, {
      encoding: 'utf8',
      input,
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    return { code: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** What systemd says of a unit. */
  unit(name: string, ...properties: readonly string[]): Record<string, string> {
    const { stdout } = this.run([
      'systemctl',
      'show',
      name,
      ...properties.flatMap((one) => ['--property', one]),
    ]);
    const entries = stdout.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    });
    return Object.fromEntries(entries);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Process 1 takes everything in its namespace along.
    this.#unshare.kill('SIGKILL');
    await this.#cgroup.kill();
    await this.#cgroup.remove();
  }
}

const CONTROLLERS = {
  memory: { limitBytes: 'unlimited' },
  cpu: { weight: 100 },
  pids: { limit: 'unlimited' },
  cpuset: { cpus: '0' },
} as const;

/** Process 1 of the namespace that `unshare --fork` makes. */
async function childOf(pid: number): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    if (child !== '') return Number(child);
    await sleep(10);
  }
  throw new Error('unshare has made no process');
}

/** The cgroups that are below our own, each mounted where the host has it; then systemd, with the bus and nothing else. */
const SETUP = `
mounts=$(awk '$3 == "cgroup" { print $2, $4 }' /proc/mounts)
mount -t proc proc /proc
umount -R /sys/fs/cgroup
mount -t sysfs sysfs /sys
if [ "$LAYOUT" = v2 ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  echo "$mounts" | while read -r path options; do
    mkdir -p "$path"
    controllers=$(echo "$options" | sed -E 's/(^|,)(rw|relatime|nosuid|nodev|noexec|xattr|clone_children)//g; s/^,//')
    case $controllers in
      name=*) mount -t cgroup -o "none,$controllers" cgroup "$path" ;;
      *) mount -t cgroup -o "$controllers" cgroup "$path" ;;
    esac
  done
  mkdir -p /sys/fs/cgroup/unified
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
fi
mount -o remount,bind,ro /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/units /run/none
cat > /run/units/test.target <<UNIT
[Unit]
DefaultDependencies=no
Wants=dbus.socket dbus.service
UNIT
cat > /run/units/dbus.socket <<UNIT
[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/dbus/system_bus_socket
UNIT
cat > /run/units/dbus.service <<UNIT
[Unit]
DefaultDependencies=no
Requires=dbus.socket
[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation
UNIT
export container=ns
export SYSTEMD_UNIT_PATH=/run/units:/run/systemd/transient:/run/systemd/system.control
export SYSTEMD_GENERATOR_PATH=/run/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/none
exec /lib/systemd/systemd --unit=test.target --log-level=warning --log-target=null
`;
