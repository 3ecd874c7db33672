import { join } from 'node:path';

import type { Container, ContainerNetwork } from '@ns/execdriver';
import { ensureBridge, openRtnetlink } from '@ns/netfw';

import type { Commands } from './command.ts';
import type { Engine } from './engine.ts';
import type { MissingSubject, Subject } from './measure.ts';
import type { Native } from './native.ts';
import { confinement, makeBundle } from './place.ts';

/** What the latency groups work with. */
export interface Place {
  readonly rootfs: string;
  readonly commands: Commands;
  readonly native: Native;
  /** Undefined with the reason why there is none. */
  readonly engine: Engine | string;
}

type Subjects = (Subject | MissingSubject)[];

/** A command of the engine's clients, or why there is none. */
function viaEngine(
  place: Place,
  name: string,
  command: (engine: Engine) => string[],
): Subject | MissingSubject {
  const { engine } = place;
  if (typeof engine === 'string') return { name, missing: engine };
  return place.commands.subject(name, () => command(engine), engine.env);
}

/** From the call to the known end of `/bin/true` in a container made for it, and nothing left of it. */
export function startSubjects(place: Place): Subjects {
  const { rootfs, commands, native } = place;
  const bundle = makeBundle(rootfs, 'start', ['/bin/true']);
  return [
    commands.subject('spawn, no container', () => [join(rootfs, 'bin/true')]),
    native.startToExit('native driver, in-process'),
    commands.subject('bwrap --unshare-all', () => [
      'bwrap',
      '--unshare-all',
      '--bind',
      rootfs,
      '/',
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '/bin/true',
    ]),
    commands.subject('crun run, no cgroup', (n) => [
      'crun',
      '--cgroup-manager=disabled',
      'run',
      '-b',
      bundle,
      `d${n}`,
    ]),
    commands.subject('crun run', (n) => ['crun', 'run', '-b', bundle, `c${n}`]),
    commands.subject('runc run', (n) => ['runc', 'run', '-b', bundle, `r${n}`]),
    viaEngine(place, 'ns run --rm --rootfs', ({ ns }) => ns('run', '--rm', '--rootfs', rootfs, '/bin/true')),
    viaEngine(place, 'ns run --rm', ({ ns }) => ns('run', '--rm', 'busybox', '/bin/true')),
    viaEngine(place, 'docker run --rm', ({ docker }) => docker('run', '--rm', 'busybox', '/bin/true')),
  ];
}

/** The same, fully confined: limits by cgroups, Docker's seccomp profile; and with an interface on a bridge. */
export function confinedSubjects(place: Place): Subjects {
  const { rootfs, commands, native } = place;
  const bundle = makeBundle(rootfs, 'confined', ['/bin/true'], confinement());
  return [
    native.startToExit('native driver', { isConfined: true }),
    native.startToExit('native driver, bridge network', { isConfined: true, network: bridgeNetwork() }),
    commands.subject('crun run', (n) => ['crun', 'run', '-b', bundle, `cc${n}`]),
    commands.subject('runc run', (n) => ['runc', 'run', '-b', bundle, `rc${n}`]),
  ];
}

/** An address on a bridge of the sandbox's own network namespace. */
function bridgeNetwork(): (count: number) => ContainerNetwork {
  using socket = openRtnetlink();
  const bridge = ensureBridge(socket, 'ns-bench0', { addresses: ['10.9.0.1/16'] }).index;
  return (count) => ({
    interfaces: [
      {
        name: 'eth0',
        link: { kind: 'veth', hostName: `nsb${count}`, bridge },
        addresses: [`10.9.${1 + ((count >> 8) % 250)}.${count & 255}/16`],
      },
    ],
    gateways: ['10.9.0.1'],
  });
}

/** `/bin/true` in containers that run already. */
export interface ExecGroup extends AsyncDisposable {
  readonly subjects: Subjects;
}

/** Start one container of each kind, to exec into. */
export async function execGroup(place: Place): Promise<ExecGroup> {
  const { rootfs, commands, native, engine } = place;
  const sleeping: Container = await native.running(['/bin/sleep', '1000']);
  const undo: (() => Promise<unknown>)[] = [() => sleeping.destroy()];
  const subjects: Subjects = [native.exec('native driver, in-process', sleeping)];
  for (const runtime of ['crun', 'runc']) {
    const id = `exec-${runtime}`;
    const started = commands.subject(`${runtime} exec`, () => [runtime, 'exec', id, '/bin/true']);
    if (started.missing === undefined) {
      await commands.time([
        '/usr/bin/env',
        runtime,
        'run',
        '-d',
        '-b',
        makeBundle(rootfs, id, ['/bin/sleep', '1000']),
        id,
      ]);
      undo.push(() => commands.time(['/usr/bin/env', runtime, 'delete', '-f', id]));
    }
    subjects.push(started);
  }
  if (typeof engine !== 'string') {
    engine.run('run', '-d', '--name', 'exec', 'busybox', '/bin/sleep', '1000');
    undo.push(async () => engine.run('rm', '-f', 'exec'));
  }
  subjects.push(
    viaEngine(place, 'ns exec', ({ ns }) => ns('exec', 'exec', '/bin/true')),
    viaEngine(place, 'docker exec', ({ docker }) => docker('exec', 'exec', '/bin/true')),
  );
  return {
    subjects,
    async [Symbol.asyncDispose]() {
      for (const step of undo.toReversed()) await step();
    },
  };
}

/** Clients that ask and go. */
export function clientSubjects(place: Place): Subjects {
  return [
    viaEngine(place, 'ns ps', ({ ns }) => ns('ps')),
    viaEngine(place, 'docker ps', ({ docker }) => docker('ps')),
    viaEngine(place, 'ns --version', ({ ns }) => ns('--version')),
    place.commands.subject('docker --version', () => ['docker', '--version']),
    viaEngine(place, 'node -e 0', ({ ns }) => [ns()[0] ?? '', '-e', '0']),
  ];
}
