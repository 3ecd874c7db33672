import { detect, type JoinHandle } from '@ns/cgroups';
import type { ContainerSpec, DriverOptions, Exit } from '@ns/execdriver';
import {
  becomeContainer,
  checkBecoming,
  passInner,
  refuseSharedMounts,
  ownRouteSocket,
  type CommandDriver,
  type HostCommand,
  type Launching,
  type Place,
  type StartedCommand,
} from '@ns/execdriver/kit';
import { call, group, O, openat2, OwnedFd, type Step } from '@ns/syscall';

import { nspawnArguments, nspawnEnvironment } from './arguments.js';
import { firstProcess } from './first-process.js';
import { createGroups, groupOf, removeSupervisorGroup } from './groups.js';
import { INFO } from './info.js';
import { launcherArguments, PASSED } from './launcher.js';
import { machineName } from './machine-name.js';
import { complaints, messagesFile, readMessages, signalOf } from './messages.js';
import { abandon, keep, removeRuntimeDirectories, take } from './pending.js';
import { makeScaffold, SCAFFOLD } from './scaffold.js';
import { programOf } from './settings.js';

/** What is particular to systemd-nspawn. */
export function define({ stateRoot, settings = {} }: DriverOptions): CommandDriver {
  const program = programOf(settings);
  return {
    info: INFO,
    check(spec) {
      checkBecoming(spec);
      refuseSharedMounts(INFO.name, spec);
    },
    prepare: (spec, place) => prepare(spec, place, { program, stateRoot }),
    started: (_, place, command) => started(place, command),
    said: ({ directory }) => complaints(readMessages(directory)?.text ?? '').at(-1),
    cgroup: groupOf,
    exit: ({ directory }, waitStatus) => exitOf(directory, waitStatus),
    remove: async (place) => {
      abandon(place.directory);
      removeRuntimeDirectories(machineName(place.id, place.directory));
      await removeSupervisorGroup(place);
    },
  };
}

function prepare(
  spec: ContainerSpec,
  place: Place & Launching,
  { program, stateRoot }: { readonly program: string; readonly stateRoot: string },
): HostCommand {
  const { id, directory } = place;
  const groups = createGroups(spec, stateRoot, directory);
  const opened: Disposable[] = [groups.handle];
  const close = (): void => {
    for (const each of opened) each[Symbol.dispose]();
  };
  try {
    const nothing = keepOpen(opened, openat2('/dev/null', { flags: O.O_RDWR }));
    const route = spec.network === undefined ? nothing : keepOpen(opened, ownRouteSocket());
    const inner = passInner(spec.process, place, {
      does: 'limit',
      init: spec.init === true,
      diesWithParent: true,
      first: firstSteps(spec, place, groups.handle),
    });
    keep(directory, { inner, [Symbol.dispose]: () => (close(), inner.close()) });
    const args = nspawnArguments(spec, {
      machine: machineName(id, directory),
      scaffold: makeScaffold(directory),
      root: place.root,
      program: inner.path,
    });
    const hasTerminal = spec.process.terminal !== undefined;
    const joining = groups.handle.entries.map(({ fd }, index) => [PASSED.cgroup + index, fd]);
    return {
      file: '/bin/sh',
      args: launcherArguments(groups.joins, messagesFile(directory), program, args),
      env: nspawnEnvironment(detect(), PASSED.cgroup - PASSED.first + joining.length),
      fds: {
        ...inner.fds,
        [PASSED.route]: route.fd,
        ...(hasTerminal ? {} : { [PASSED.devpts]: nothing.fd }),
        ...Object.fromEntries(joining),
      },
      root: spec.root,
      life: 'stays',
      ...(hasTerminal ? { devpts: PASSED.devpts } : {}),
    };
  } catch (error) {
    close();
    throw error;
  }
}

function keepOpen(opened: Disposable[], fd: OwnedFd): OwnedFd {
  opened.push(fd);
  return fd;
}

/** What the inner program does before it gives up its rights. */
function firstSteps(spec: ContainerSpec, place: Launching, handle: JoinHandle): Step[] {
  const streams = [PASSED.stdin, PASSED.stdout, PASSED.stderr];
  return [
    group(
      'standard streams',
      streams.map((fd, number) => call('dup3', [fd, number, 0], { what: `make it descriptor ${number}` })),
    ),
    ...becomeContainer(spec, place, {
      root: SCAFFOLD.root,
      source: SCAFFOLD.source,
      join: handle.entries.map(({ hierarchy }, index) => ({ hierarchy, fd: PASSED.cgroup + index })),
      routeSocket: PASSED.route,
      devpts: PASSED.devpts,
    }),
  ];
}

async function started({ directory }: Place, command: StartedCommand): Promise<{ readonly pid: number }> {
  using waiting = take(directory);
  await waiting?.inner.started();
  const pid = firstProcess(command.pid);
  if (pid !== undefined) return { pid };
  // The program has run, and has ended since.
  return { pid: command.pid };
}

function exitOf(directory: string, waitStatus: number): Exit | undefined {
  const messages = readMessages(directory);
  const signal = waitStatus === 0 || messages === undefined ? undefined : signalOf(messages.text);
  if (signal === undefined) return undefined;
  return { code: 128 + signal, signal, oomKilled: false, finishedAt: messages!.at };
}
