import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Container } from '@ns/execdriver';
import { which } from '@ns/testing';

import { bridgeNetwork, type Place } from './latency.ts';
import { CGROUP, makeBundle, SCRATCH } from './place.ts';

/** A way to have a container supervised. */
export interface Kind {
  readonly name: string;
  /** How many processes above the container's first one are there only for it. */
  readonly processes: number;
  /** Programs without which it cannot be had. */
  readonly programs: readonly string[];
  /** Start one whose program is `args`, and return once it was told to run. */
  readonly start: (id: string, args: readonly string[]) => Promise<unknown>;
  /** End those that were started. */
  readonly stop: (ids: readonly string[]) => Promise<unknown>;
  /** Before the first: something that all of them need. */
  readonly prepare?: () => Promise<AsyncDisposable>;
}

const run = (program: string, ...args: string[]): void => {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** Those that the machine may have, and what we have of our own. */
export function kinds(place: Place): Kind[] {
  return [
    native(place),
    confined(place),
    ...ours(place),
    bubblewrap(place),
    conmon(place),
    shim(place),
    lxc(place),
  ];
}

const native = ({ native: driver }: Place): Kind => ofDriver('native driver', (args) => driver.running(args));

/** With limits, a seccomp profile, and an interface on a bridge. */
function confined({ native: driver }: Place): Kind {
  let network: ReturnType<typeof bridgeNetwork> | undefined;
  return ofDriver('native driver, confined, bridge', (args) => {
    network ??= bridgeNetwork();
    return driver.running(args, { isConfined: true, network });
  });
}

function ofDriver(name: string, start: (args: readonly string[]) => Promise<Container>): Kind {
  const running: AsyncDisposable[] = [];
  return {
    name,
    processes: 1,
    programs: [],
    async start(_, args) {
      const container = await start(args);
      running.push({ [Symbol.asyncDispose]: () => container.destroy() });
    },
    async stop() {
      for (const one of running) await one[Symbol.asyncDispose]();
    },
  };
}

function ours({ engine }: Place): Kind[] {
  if (typeof engine === 'string') return [];
  return [
    {
      name: 'ns run -d (ns-daemon)',
      processes: 1,
      programs: [],
      start: async (id, args) => engine.run('run', '-d', '--name', id, 'busybox', ...args),
      stop: async (ids) => engine.run('rm', '-f', ...ids),
    },
  ];
}

function bubblewrap({ rootfs }: Place): Kind {
  const children: ChildProcess[] = [];
  return {
    name: 'bwrap',
    processes: 2,
    programs: ['bwrap'],
    async start(_, args) {
      const options = [
        '--die-with-parent',
        '--unshare-all',
        '--bind',
        rootfs,
        '/',
        '--proc',
        '/proc',
        '--dev',
        '/dev',
      ];
      children.push(spawn('bwrap', [...options, ...args], { stdio: 'ignore' }));
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** As Podman and CRI-O use it. */
function conmon({ rootfs }: Place): Kind {
  return {
    name: 'conmon',
    processes: 1,
    programs: ['conmon', 'crun'],
    async start(id, args) {
      const exits = join(SCRATCH, 'exits');
      mkdirSync(exits, { recursive: true });
      const files = [
        '-p',
        join(SCRATCH, `${id}.pid`),
        '-l',
        `k8s-file:${join(SCRATCH, `${id}.log`)}`,
        '--exit-dir',
        exits,
        '--socket-dir-path',
        exits,
      ];
      const crun = which('crun') ?? 'crun';
      run('conmon', '-c', id, '-u', id, '-n', id, '-r', crun, '-b', makeBundle(rootfs, id, args), ...files);
      await until(() => existsSync(join(SCRATCH, `${id}.pid`)));
      run('crun', 'start', id);
    },
    async stop(ids) {
      for (const id of ids) run('crun', 'delete', '-f', id);
    },
  };
}

/** As Docker and Kubernetes use it. */
function shim({ rootfs }: Place): Kind {
  const socket = join(SCRATCH, 'containerd.sock');
  const ctr = (...args: string[]): void => run('ctr', '-a', socket, ...args);
  return {
    name: 'containerd-shim-runc-v2',
    processes: 1,
    programs: ['containerd', 'ctr', 'containerd-shim-runc-v2', 'runc'],
    async prepare() {
      const config = join(SCRATCH, 'containerd.toml');
      writeFileSync(
        config,
        [
          'version = 2',
          `root = "${join(SCRATCH, 'containerd')}"`,
          'state = "/run/containerd-bench"',
          'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
          '[grpc]',
          `address = "${socket}"`,
        ].join('\n'),
      );
      const daemon = spawn('containerd', ['-c', config, '-l', 'warn'], { stdio: 'ignore' });
      await until(() => {
        try {
          ctr('version');
          return true;
        } catch {
          return false;
        }
      });
      return { [Symbol.asyncDispose]: () => ended(daemon) };
    },
    async start(id, args) {
      ctr('run', '-d', '--cgroup', `/${CGROUP}/${id}`, '--rootfs', rootfs, id, ...args);
    },
    async stop(ids) {
      for (const id of ids) ctr('task', 'kill', '-s', '9', id);
      await sleep(500);
      for (const id of ids) ctr('container', 'rm', id);
    },
  };
}

function lxc({ rootfs }: Place): Kind {
  const home = join(SCRATCH, 'lxc');
  return {
    name: 'lxc monitor',
    processes: 1,
    programs: ['lxc-start', 'lxc-stop'],
    async start(id, args) {
      mkdirSync(join(home, id), { recursive: true });
      const config = join(home, id, 'config');
      writeFileSync(
        config,
        [
          `lxc.uts.name = ${id}`,
          `lxc.rootfs.path = dir:${rootfs}`,
          'lxc.mount.auto = proc:mixed sys:mixed',
          'lxc.apparmor.profile = unconfined',
          'lxc.net.0.type = empty',
          `lxc.cgroup.dir = ${CGROUP}/${id}`,
          '',
        ].join('\n'),
      );
      run(
        'lxc-start',
        '-d',
        '-n',
        id,
        '-P',
        home,
        '-o',
        join(home, `${id}.log`),
        '-f',
        config,
        '--',
        ...args,
      );
    },
    async stop(ids) {
      for (const id of ids) run('lxc-stop', '-k', '-n', id, '-P', home);
    },
  };
}

/** @throws `Error` after ten seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !holds();) {
    if (Date.now() > deadline) throw new Error('did not come up within 10 s');
    await sleep(20);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
