import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';

import { detect, type JoinHandle } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import type { ContainerSpec, DriverOptions } from '@ns/execdriver';
import {
  becomeContainer,
  cgroupPathOf,
  checkBecoming,
  passInner,
  refuseSharedMounts,
  ownRouteSocket,
  type CommandDriver,
  type HostCommand,
  type Launching,
  type PassedInner,
  type Place,
  type StartedCommand,
} from '@ns/execdriver/kit';
import { planMounts } from '@ns/namespaces';
import { compile, O, openat2, type Image, type Step } from '@ns/syscall';

import { findConnection, type Connection } from './connection.js';
import { PASSED, TREE } from './descriptors.js';
import { domainXml } from './domain.js';
import { fileOf, readFacts, readIfAny, writeFacts } from './facts.js';
import { startFailure } from './failure.js';
import { firstProcess } from './first-process.js';
import { createGroups } from './groups.js';
import { INFO } from './info.js';
import { VIRSH } from './install.js';
import { launchProgram } from './launch.js';
import { domainName, partitionOf } from './names.js';
import { OWN } from './own-libvirtd.js';
import { abandon, keep, take } from './pending.js';
import { removeContainer } from './remove.js';
import { reachOf } from './settings.js';
import { supervise } from './supervise.js';
import { complaints } from './virsh.js';

/** What is particular to libvirt. */
export function define({ stateRoot, settings = {} }: DriverOptions): CommandDriver {
  const reach = reachOf(settings);
  return {
    info: INFO,
    check(spec) {
      checkBecoming(spec);
      refuseSharedMounts(INFO.name, spec);
    },
    async prepare(spec, place) {
      const connection = await findConnection(reach);
      if ('reason' in connection) {
        const { reason, hint } = connection;
        throw new NsError('ERR_NS_UNSUPPORTED', { operation: 'start', message: reason, hint });
      }
      return prepare(spec, place, { connection, stateRoot });
    },
    started: (_, place, command) => started(place, command),
    said: (place) => complaints(readIfAny(fileOf(place, 'messages'))?.toString() ?? '').at(-1),
    cgroup: (place) => readFacts(place)?.cgroup,
    async remove(place) {
      abandon(place.directory);
      await removeContainer(place);
    },
  };
}

interface Told {
  readonly connection: Connection;
  readonly stateRoot: string;
}

function prepare(spec: ContainerSpec, place: Place & Launching, told: Told): HostCommand {
  const { own, uri } = told.connection;
  const partition = partitionFor(place, own !== undefined);
  const cgroup = cgroupPathOf(spec, told.stateRoot);
  const uuid = randomUUID();
  writeFacts(place, { cgroup, partition, ...(own === undefined ? { domain: { uri, uuid } } : {}) });
  const opened: Disposable[] = [];
  const close = (): void => {
    for (const each of opened) each[Symbol.dispose]();
  };
  try {
    const handle = hold(opened, createGroups(spec, { cgroup, partition }));
    const nothing = hold(opened, openat2('/dev/null', { flags: O.O_RDWR }));
    const route = spec.network === undefined ? nothing : hold(opened, ownRouteSocket());
    const inner = passInner(spec.process, place, {
      does: 'limit',
      init: spec.init === true,
      diesWithParent: true,
      first: firstSteps(spec, place, handle),
    });
    const joining = handle.entries.map(({ fd }, index) => [PASSED.cgroup + index, fd]);
    const launcher = writeLauncher(spec, place, { ...told, inner, partition, uuid, joins: joining.length });
    keep(place.directory, { inner, launcher, [Symbol.dispose]: () => (close(), inner.close()) });
    const hasTerminal = spec.process.terminal !== undefined;
    const { kind, unified } = detect();
    return {
      file: fileOf(place, 'launcher'),
      args: ['ns-libvirt', place.id],
      env: [],
      fds: {
        ...inner.fds,
        [PASSED.route]: route.fd,
        ...(hasTerminal ? {} : { [PASSED.devpts]: nothing.fd }),
        ...Object.fromEntries(joining),
      },
      root: spec.root,
      // libvirt takes a version 2 hierarchy beside those of version 1 for all that there is.
      ...(own !== undefined && kind === 'hybrid' && unified !== undefined
        ? { unmount: [unified.mountPoint] }
        : {}),
      life: 'stays',
      ...(hasTerminal ? { devpts: PASSED.devpts } : {}),
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Where systemd manages cgroups, libvirt asks it for one, and both clean up. */
const partitionFor = ({ id, directory }: Place, isOwn: boolean): string | undefined =>
  isOwn || !existsSync('/run/systemd/system') ? partitionOf(domainName(id, directory)) : undefined;

/** Write what the launcher reads, and itself. */
function writeLauncher(
  spec: ContainerSpec,
  place: Place,
  told: Told & {
    readonly inner: PassedInner;
    readonly partition: string | undefined;
    readonly uuid: string;
    readonly joins: number;
  },
): Image {
  const { own, uri } = told.connection;
  const { id, directory } = place;
  mkdirSync(fileOf(place, 'tree'), { recursive: true, mode: 0o700 });
  const root = own === undefined ? makeRoot(fileOf(place, 'root')) : OWN.root;
  const domain = domainXml({
    name: domainName(id, directory),
    uuid: told.uuid,
    title: id,
    root,
    program: told.inner.path,
    partition: told.partition,
  });
  writeFileSync(fileOf(place, 'domain'), domain, { mode: 0o600 });
  const image = compile(
    launchProgram({
      root: place.root,
      tree: fileOf(place, 'tree'),
      sources: planMounts(spec.mounts ?? []).flatMap(({ spec: mount, kind }, index) =>
        mount.type === 'bind' ? [{ index, path: mount.source, kind }] : [],
      ),
      files: {
        domain: fileOf(place, 'domain'),
        messages: fileOf(place, 'messages'),
        failure: fileOf(place, 'failure'),
      },
      virsh: VIRSH,
      uri,
      passed: PASSED.cgroup - PASSED.first + told.joins,
      own,
    }),
  );
  writeFileSync(fileOf(place, 'launcher'), image.elf, { mode: 0o755 });
  return image;
}

/** What libvirtd, which may know another path, takes for the container's root. */
function makeRoot(path: string): string {
  mkdirSync(`${path}${TREE.at}`, { recursive: true, mode: 0o700 });
  return realpathSync(path);
}

function hold<T extends Disposable>(opened: Disposable[], what: T): T {
  opened.push(what);
  return what;
}

/** What the inner program does before it gives up its rights. */
const firstSteps = (spec: ContainerSpec, place: Launching, handle: JoinHandle): Step[] => [
  ...supervise(),
  ...becomeContainer(spec, place, {
    root: TREE.root,
    source: TREE.source,
    join: handle.entries.map(({ hierarchy }, index) => ({ hierarchy, fd: PASSED.cgroup + index })),
    routeSocket: PASSED.route,
    devpts: PASSED.devpts,
  }),
];

async function started(place: Place, command: StartedCommand): Promise<{ readonly pid: number }> {
  using waiting = take(place.directory);
  try {
    await waiting?.inner.started();
  } catch (error) {
    throw startFailure(place, waiting?.launcher, error);
  }
  const facts = readFacts(place);
  // Without one, the program has run, and has ended since.
  return { pid: (facts && firstProcess(facts.cgroup)) ?? command.pid };
}
