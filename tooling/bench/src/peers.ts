import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { which } from '@ns/testing';

import type { Commands } from './command.ts';
import { CGROUP, SCRATCH } from './place.ts';

/** Another engine, with the busybox image, in the sandbox. */
export interface Peer extends AsyncDisposable {
  /** Its client with arguments. */
  readonly command: (...args: string[]) => string[];
  readonly env: readonly string[];
}

const START_MS = 20_000;

/** dockerd with a containerd of its own, or why there is none. */
export async function startDockerd(commands: Commands, archive: string): Promise<Peer | string> {
  for (const program of ['dockerd', 'docker', 'containerd', 'runc', 'iptables']) {
    if (which(program) === undefined) return `${program} is not installed`;
  }
  const socket = join(SCRATCH, 'docker.sock');
  const options = [
    ['--host', `unix://${socket}`],
    ['--data-root', join(SCRATCH, 'docker')],
    ['--exec-root', '/run/docker'],
    ['--pidfile', '/run/docker.pid'],
    ['--cgroup-parent', `/${CGROUP}`],
    ['--log-level', 'error'],
  ];
  const daemon = spawn(which('dockerd')!, options.flat(), { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  const docker: Peer = {
    env: [`DOCKER_HOST=unix://${socket}`],
    command: (...args) => [which('docker')!, ...args],
    async [Symbol.asyncDispose]() {
      daemon.kill('SIGTERM');
      await gone;
    },
  };
  return ready(commands, docker, ['version'], ['import', archive, 'busybox']);
}

/** Podman, which needs no daemon, or why there is none. */
export async function preparePodman(commands: Commands, archive: string): Promise<Peer | string> {
  for (const program of ['podman', 'conmon', 'crun']) {
    if (which(program) === undefined) return `${program} is not installed`;
  }
  const networks = join(SCRATCH, 'podman-networks');
  mkdirSync(networks);
  const config = join(SCRATCH, 'containers.conf');
  // Its own default for open files is above what a container may have that is in a container.
  const ulimits = 'default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]';
  writeFileSync(config, `[containers]\n${ulimits}\n[network]\nnetwork_backend = "netavark"\n`);
  const options = [
    ['--root', join(SCRATCH, 'podman')],
    ['--runroot', '/run/containers/storage'],
    ['--network-config-dir', networks],
    ['--cgroup-manager', 'cgroupfs'],
    ['--events-backend', 'file'],
    ['--runtime', 'crun'],
  ];
  const podman: Peer = {
    env: [`CONTAINERS_CONF=${config}`],
    command: (...args) => [which('podman')!, ...options.flat(), ...args],
    [Symbol.asyncDispose]: async () => undefined,
  };
  return ready(commands, podman, ['version'], ['import', archive, 'busybox']);
}

/** Wait until it answers, and give it the image. */
async function ready(
  commands: Commands,
  peer: Peer,
  ask: readonly string[],
  load: readonly string[],
): Promise<Peer | string> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await commands.time(peer.command(...ask), peer.env);
      await commands.time(peer.command(...load), peer.env);
      return peer;
    } catch (error) {
      if (Date.now() > deadline) {
        await peer[Symbol.asyncDispose]();
        return error instanceof Error ? error.message : String(error);
      }
      await sleep(100);
    }
  }
}
