/** `./dev up`: the main job, for someone who has just cloned the repository. */
import { spawnSync } from 'node:child_process';

import { executable, startDaemon, systemNode } from './private-daemon.ts';
import { heading } from './stages.ts';
import { runUnprivileged } from './unprivileged.ts';

/** Runs as its own process 1, in its own root: what it prints is the container's view. */
const LOOK_AROUND = [
  '. /etc/os-release; echo "root file system: $PRETTY_NAME"',
  'echo "host name:        $(cat /proc/sys/kernel/hostname)"',
  'echo "my pid:           $$, of these: $(cd /proc; echo [0-9]*)"',
  'echo "network:          $(cd /sys/class/net; echo *)"',
  'echo "capabilities:     $(sed -n "s/^CapEff:[[:space:]]*//p" /proc/self/status)"',
].join('\n');

/** Print a command as one types it, run it, and give its exit status. */
function ns(host: string, ...args: string[]): number {
  const shown = args.map((arg) =>
    /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`,
  );
  process.stdout.write(`\n$ ns ${shown.join(' ')}\n`);
  const env = { ...process.env, NS_HOST: host };
  const { status, error } = spawnSync(systemNode(), [executable('cli'), ...args], { stdio: 'inherit', env });
  if (error) throw error;
  return status ?? 1;
}

async function asRoot(): Promise<number> {
  heading('running containers, with a daemon of this run alone');
  await using daemon = await startDaemon();
  const failed = [
    ns(daemon.host, 'run', '--rm', 'hello-world'),
    ns(daemon.host, 'run', '--rm', '--hostname', 'first', '--rootfs', '/', 'sh', '-c', LOOK_AROUND),
    ns(daemon.host, 'ps', '-a'),
  ].filter((status) => status !== 0).length;
  if (failed > 0) {
    process.stdout.write(`\n${failed} of 3 commands failed\n`);
    return 1;
  }
  heading('it works; the daemon of this run stops now, and its directory goes');
  process.stdout.write(`
A shell in a container whose root is this machine's, under an overlay (ns starts a daemon when none runs):

  apps/cli/dist/ns.js run --rm -it --rootfs / bash

What a start does, system call by system call:  apps/cli/dist/ns.js explain run hello-world
With a docker client:  apps/daemon/dist/ns-daemon.js -H unix:///tmp/ns.sock   and then   docker -H unix:///tmp/ns.sock ps
Every test that this machine can run:  ./dev test
`);
  return 0;
}

async function asUser(): Promise<number> {
  heading('a container without privilege, started in-process by the library');
  process.stdout.write(`\n${LOOK_AROUND}\n\n`);
  const status = await runUnprivileged(LOOK_AROUND);
  process.stdout.write('\nThe engine, images and the command line need root: sudo ./dev up\n');
  return status;
}

try {
  process.exitCode = process.getuid?.() === 0 ? await asRoot() : await asUser();
} catch (error) {
  process.stderr.write(`dev: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
