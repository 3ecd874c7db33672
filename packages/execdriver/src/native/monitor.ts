import {
  attachRoot,
  joinNamespaces,
  openPeerShm,
  receiveTerminal,
  userMounts,
  writeIdMaps,
} from '@ns/namespaces';
import {
  AF,
  call,
  clone,
  forgetChildren,
  group,
  leave,
  load,
  loop,
  scratch,
  slot,
  SOCK,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { ProcessSpec } from '../contract.js';
import { DESCRIPTOR, REPORT } from './descriptors.js';
import { DEFAULT_STDIO } from './ends.js';
import { initSteps } from './init.js';
import type { StartFacts, StartPlan } from './plan.js';
import { networkSteps } from './network.js';
import { FILES } from './state.js';
import { BORROW_MEMORY, cloneArguments } from './supervise.js';
import { beginMonitor, recordPids, report, watch, type HeldOutput } from './watch.js';

/**
 * The program that starts a container and stays as its monitor.
 *
 * Outside: the monitor, which holds the container's streams and sees its end. Inside: {@link initSteps}.
 */
export function startProgram(plan: StartPlan, facts: StartFacts): Program {
  const { namespaces, spec } = plan;
  const container = slot('container');
  // Whose ipc namespace is shared has its /dev/shm shared as well.
  const { ipc } = namespaces.sources;
  const peer = typeof ipc === 'object' && 'pid' in ipc ? ipc.pid : undefined;
  const shm = slot('shared /dev/shm');
  const root = attachRoot({ root: facts.root, at: facts.mountPoint });
  const mounts = userMounts({ mounts: plan.mounts, rootFd: root.rootFd, privileged: plan.privileged });
  const channel =
    plan.mapsBy === 'monitor' || spec.process.terminal !== undefined ? makeChannel() : undefined;
  const talks = channel !== undefined || plan.mapsBy === 'creator';
  // Entering a time namespace needs memory of one's own.
  const borrows = !talks && namespaces.sources.time !== 'new';
  const network = networkSteps(spec, plan.mapsBy === 'monitor');
  return {
    title: 'start a container',
    statusFd: DESCRIPTOR.status,
    failureStatus: 127,
    steps: [
      group('monitor', beginMonitor('ns-monitor')),
      ...(peer === undefined ? [] : openPeerShm({ pid: peer, into: shm })),
      // In another's user namespace there is no right to copy mounts of the host.
      ...(typeof namespaces.sources.user === 'object'
        ? [...mounts.host, ...joinNamespaces(namespaces)]
        : [...joinNamespaces(namespaces), ...mounts.host]),
      ...(channel?.steps ?? []),
      ...network.before,
      clone({
        args: cloneArguments(
          namespaces.cloneFlags | (borrows ? BORROW_MEMORY : 0),
          facts.joining?.atBirth === true ? DESCRIPTOR.cgroup : undefined,
        ),
        what: 'create the container’s first process',
        hints: {
          ENOSPC: 'too many namespaces: see /proc/sys/user/max_*_namespaces',
          EPERM: 'creating namespaces needs CAP_SYS_ADMIN, or a user namespace',
        },
        into: container,
        child: initSteps(plan, facts, {
          monitor: channel?.child,
          root,
          mounts: mounts.init,
          shm: peer === undefined ? undefined : shm,
          network: network.inside,
        }),
      }),
      group(
        'monitor: the container exists',
        report(REPORT.started, container),
        recordPids(container),
        network.after(container),
        channel === undefined ? [] : talk(plan, channel),
        letGo(keptBy(spec.process)),
        forgetChildren,
        watch(container, { record: true, held: heldOutputs(spec.process) }),
      ),
    ],
  };
}

interface Channel {
  readonly steps: readonly Step[];
  readonly monitor: Slot;
  readonly child: Slot;
}

/** What the monitor holds to read from, of the outputs that the creator reads. */
function heldOutputs({ terminal, stdio = DEFAULT_STDIO }: ProcessSpec): HeldOutput[] {
  if (terminal !== undefined) return [{ fd: DESCRIPTOR.master, file: FILES.stdout }];
  return [
    ...(stdio[1] === 'pipe' ? [{ fd: DESCRIPTOR.heldStdout, file: FILES.stdout }] : []),
    ...(stdio[2] === 'pipe' ? [{ fd: DESCRIPTOR.heldStderr, file: FILES.stderr }] : []),
  ];
}

/** A pair of sockets between the monitor and the container's first process. */
export function makeChannel(): Channel {
  const pair = scratch(8, 'socket pair');
  const monitor = slot('monitor socket');
  const child = slot('container socket');
  return {
    monitor,
    child,
    steps: [
      call('socketpair', [AF.AF_UNIX, SOCK.SOCK_SEQPACKET | SOCK.SOCK_CLOEXEC, 0, pair], {
        what: 'make a channel between monitor and container',
      }),
      load(monitor, pair, 0, 4),
      load(child, pair, 4, 4),
    ],
  };
}

/** Do what the container's first process asks for; when it fails before, its end of the channel closes. */
function talk(plan: StartPlan, channel: Channel): Step[] {
  const { spec } = plan;
  const socket = channel.monitor;
  return [
    call('close', [channel.child], { what: 'leave the other end of the channel to the container' }),
    loop(
      ...(plan.mapsBy === 'monitor'
        ? writeIdMaps({
            socket,
            uidMap: spec.uidMap ?? [],
            gidMap: spec.gidMap ?? [],
            denySetgroups: plan.deniesSetgroups,
            closed: [leave],
          })
        : []),
      ...(spec.process.terminal === undefined ? [] : keepTerminal(socket)),
      leave,
    ),
  ];
}

/** Receive the terminal's master and keep it at its number. */
export function keepTerminal(socket: Slot): Step[] {
  const master = slot('master');
  return [
    ...receiveTerminal({ socket, into: master, closed: [leave] }),
    call('dup3', [master, DESCRIPTOR.master, 0], { what: 'keep the terminal’s master' }),
  ];
}

/** Close all descriptors but some, in ascending order: the rest is the program's. */
export function letGo(kept: readonly number[]): Step[] {
  const what = 'leave everything else to the program';
  return [...kept, 0x1_0000_0000].flatMap((fd, index) => {
    const first = (kept[index - 1] ?? -1) + 1;
    return first === fd ? [] : [call('close_range', [first, fd - 1, 0], { what })];
  });
}

/** What the monitor keeps: the way to its creator, the state directory, and what it holds of the streams. */
function keptBy({ terminal, stdio = DEFAULT_STDIO }: ProcessSpec): number[] {
  const { report: reports, state, heldStdin, heldStdout, heldStderr, master } = DESCRIPTOR;
  const held = [heldStdin, heldStdout, heldStderr].filter((_, index) => stdio[index] === 'pipe');
  return [reports, state, ...(terminal === undefined ? held : [master])];
}
