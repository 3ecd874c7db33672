import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { executable, systemNode } from '@ns/dev/private-daemon';
import type { Container, ContainerNetwork } from '@ns/execdriver';
import { ensureBridge, openRtnetlink } from '@ns/netfw';

import type { Commands } from './command.ts';
import type { Engine } from './engine.ts';
import type { MissingSubject, Subject } from './measure.ts';
import type { Native } from './native.ts';
import { preparePodman, startDockerd, type Peer } from './peers.ts';
import { CGROUP, confinement, makeBundle } from './place.ts';

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

/** Our OCI runtime, by a bundle. `letter` and the round are the container's name. */
function viaOci({ commands }: Place, bundle: string, letter: string): Subject | MissingSubject {
  const name = 'ns-oci run';
  const program = executable('oci');
  if (!existsSync(program)) return { name, missing: `${program} is not built` };
  return commands.subject(name, (n) => [systemNode(), program, 'run', '-b', bundle, `${letter}${n}`]);
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
    viaOci(place, bundle, 'o'),
    viaEngine(place, 'ns run --rm --rootfs', ({ ns }) => ns('run', '--rm', '--rootfs', rootfs, '/bin/true')),
    viaEngine(place, 'ns run --rm', ({ ns }) => ns('run', '--rm', 'busybox', '/bin/true')),
    viaEngine(place, 'docker run --rm', ({ docker }) => docker('run', '--rm', 'busybox', '/bin/true')),
  ];
}

/** Subjects, and what has to run for them. */
export interface PreparedGroup extends AsyncDisposable {
  readonly subjects: Subjects;
}

/** What `LIMITS`, a bridge and a published port are in the words of Docker's command line. */
const CONFINED_RUN = ['--memory', '256m', '--cpus', '1', '--pids-limit', '100', '-p', '80'];

/**
 * The same, fully confined: limits by cgroups, Docker's seccomp profile; and with an interface on a bridge and a published
 * port. Other engines are started when they are chosen.
 */
export async function confinedGroup(
  place: Place,
  archive: string,
  chosen: (subject: { readonly name: string }) => boolean,
): Promise<PreparedGroup> {
  const { rootfs, commands, native } = place;
  const bundle = makeBundle(rootfs, 'confined', ['/bin/true'], confinement());
  const run = ['run', '--rm', ...CONFINED_RUN];
  const ofPeer = async (
    name: string,
    start: (commands_: Commands, archive_: string) => Promise<Peer | string>,
  ): Promise<{ readonly subject: Subject | MissingSubject; readonly peer?: Peer }> => {
    if (!chosen({ name })) return { subject: { name, missing: 'not chosen' } };
    const peer = await start(commands, archive);
    if (typeof peer === 'string') return { subject: { name, missing: peer } };
    const argv = peer.command(...run, '--cgroup-parent', `/${CGROUP}`, 'busybox', '/bin/true');
    return { peer, subject: commands.subject(name, () => argv, peer.env) };
  };
  const peers = [
    await ofPeer('docker run --rm, dockerd, runc', startDockerd),
    await ofPeer('podman run --rm, crun', preparePodman),
  ];
  return {
    subjects: [
      native.startToExit('native driver', { isConfined: true }),
      native.startToExit('native driver, bridge', { isConfined: true, network: bridgeNetwork() }),
      commands.subject('crun run', (n) => ['crun', 'run', '-b', bundle, `cc${n}`]),
      commands.subject('runc run', (n) => ['runc', 'run', '-b', bundle, `rc${n}`]),
      viaOci(place, bundle, 'oc'),
      viaEngine(place, 'ns run --rm', ({ ns }) => ns(...run, 'busybox', '/bin/true')),
      viaEngine(place, 'docker run --rm, ns-daemon', ({ docker }) => docker(...run, 'busybox', '/bin/true')),
      ...peers.map(({ subject }) => subject),
    ],
    async [Symbol.asyncDispose]() {
      for (const { peer } of peers) await peer?.[Symbol.asyncDispose]();
    },
  };
}

/** An address on a bridge of the sandbox's own network namespace. */
export function bridgeNetwork(): (count: number) => ContainerNetwork {
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

/** `/bin/true` in containers that run already: start one of each kind that was chosen. */
export async function execGroup(
  place: Place,
  chosen: (subject: { readonly name: string }) => boolean,
): Promise<PreparedGroup> {
  const { native, engine } = place;
  const undo: (() => Promise<unknown>)[] = [];
  const subjects: Subjects = [];
  const name = 'native driver, in-process';
  if (chosen({ name })) {
    const sleeping: Container = await native.running(['/bin/sleep', '1000']);
    undo.push(() => sleeping.destroy());
    subjects.push(native.exec(name, sleeping));
  }
  for (const runtime of ['crun', 'runc']) {
    const subject = place.commands.subject(`${runtime} exec`, () => [
      runtime,
      'exec',
      `exec-${runtime}`,
      '/bin/true',
    ]);
    if (chosen(subject)) subjects.push(await withSleeping(place, runtime, subject, undo));
  }
  const ours: Subjects = [
    viaEngine(place, 'ns exec', ({ ns }) => ns('exec', 'exec', '/bin/true')),
    viaEngine(place, 'docker exec', ({ docker }) => docker('exec', 'exec', '/bin/true')),
  ];
  if (ours.some(chosen) && typeof engine !== 'string') {
    engine.run('run', '-d', '--name', 'exec', 'busybox', '/bin/sleep', '1000');
    undo.push(async () => engine.run('rm', '-f', 'exec'));
  }
  return {
    subjects: [...subjects, ...ours],
    async [Symbol.asyncDispose]() {
      for (const step of undo.toReversed()) await step();
    },
  };
}

/** Start the container of a runtime that a subject executes in, or say why there is none. */
async function withSleeping(
  { commands, rootfs }: Place,
  runtime: string,
  subject: Subject | MissingSubject,
  undo: (() => Promise<unknown>)[],
): Promise<Subject | MissingSubject> {
  if (subject.missing !== undefined) return subject;
  const id = `exec-${runtime}`;
  const bundle = makeBundle(rootfs, id, ['/bin/sleep', '1000']);
  try {
    await commands.time(['/usr/bin/env', runtime, 'run', '-d', '-b', bundle, id]);
  } catch (error) {
    return { name: subject.name, missing: error instanceof Error ? error.message : String(error) };
  }
  undo.push(() => commands.time(['/usr/bin/env', runtime, 'delete', '-f', id]));
  return subject;
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
