import type { JoinEntry } from '@ns/cgroups';
import { NsError } from '@ns/errors';
import {
  attachRoot,
  bindConsole,
  enterWorkdir,
  loopbackUp,
  makeWorkdir,
  maskPaths,
  newTimeNamespace,
  pivotRoot,
  readCgroupLayout,
  readonlyPaths,
  readonlyRoot,
  setNames,
  userMounts,
  useTerminal,
  writeSysctls,
  type PlannedMount,
} from '@ns/namespaces';
import { configureInterfaces, createInterfaces } from '@ns/netfw';
import { AF, call, F, group, NETLINK, OwnedFd, slot, SOCK, syscall, type Step } from '@ns/syscall';

import type { ContainerSpec } from '../contract.js';
import { joinCgroup } from '../native/cgroup.js';
import { ownMounts } from '../native/own-mounts.js';
import { planStart } from '../native/plan.js';
import { dieWithMonitor, nameProcess, newKeyring, setDumpable, setOomScoreAdj } from '../native/process.js';
import { profileSteps } from '../native/profile.js';
import type { Launching } from './command.js';

/** What {@link becomeContainer} finds where it is run. */
export interface BecomeOptions {
  /** Where the container's root is. */
  readonly root: string;
  /** Where the source of a bind mount is, by its number in the spec's `mounts`. */
  readonly source: (index: number) => string;
  /** The descriptors by which it joins its cgroup, of which its cgroup namespace is made then. */
  readonly join: readonly JoinEntry[];
  /** An rtnetlink socket of the host's net namespace; needed with a network. */
  readonly routeSocket?: number;
  /** The devpts that has its terminal, which is its standard input: see {@link HostCommand.devpts}. Needed with a terminal. */
  readonly devpts?: number;
}

/**
 * Refuse what {@link becomeContainer} could not start: for {@link CommandDriver.check}.
 *
 * @throws {@link NsError} as there.
 */
export const checkBecoming = (spec: ContainerSpec): unknown => planStart(spec, true);

/**
 * Refuse shared mounts, for a driver whose program binds the container's mounts in a mount namespace that is a slave of the
 * host's: nothing that is mounted below comes back.
 *
 * @param driver - Its name.
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED`
 */
export function refuseSharedMounts(driver: string, { mounts = [] }: ContainerSpec): void {
  const shared = mounts.find(
    (mount) => mount.type === 'bind' && mount.propagation?.endsWith('shared') === true,
  );
  if (shared === undefined) return;
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'create',
    message: `driver ${driver} has no shared mounts, which the one on ${shared.target} is`,
    hint: 'use rslave or rprivate, or another driver',
  });
}

/**
 * A rtnetlink socket of this process's net namespace, for {@link BecomeOptions.routeSocket}: it acts on the one in which it was
 * opened, whoever uses it. See rtnetlink(7).
 *
 * @throws SyscallError
 */
export const ownRouteSocket = (): OwnedFd =>
  new OwnedFd(
    syscall(
      'open a route socket',
      'socket',
      AF.AF_NETLINK,
      SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC,
      NETLINK.NETLINK_ROUTE,
    ),
  );

/**
 * Make a container of a process that is the first one in namespaces of its own, which another program has made with a root
 * that is not the container's: the whole of the native driver's init sequence but giving up its rights. So a container is the
 * same whoever has made its namespaces, and the other program never touches the image.
 *
 * @remarks
 * For {@link PassedInnerOptions.first}. Takes all capabilities, a procfs on `/proc`, and no seccomp filter that forbids
 * mounting. What the spec asks of user namespaces is not done, nor are namespaces joined.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_NOT_FOUND` for a spec that could not be started.
 */
export function becomeContainer(spec: ContainerSpec, { user }: Launching, options: BecomeOptions): Step[] {
  const plan = planStart(spec, true);
  const { sources } = plan.namespaces;
  const { process } = spec;
  const root = attachRoot({ root: { kind: 'directory', path: options.root, readonly: false } });
  const { rootFd } = root;
  const mounts = userMounts({ mounts: plan.mounts.map(moved(options.source)), rootFd });
  const cgroups = spec.defaultMounts === false ? undefined : readCgroupLayout();
  const devpts = process.terminal === undefined ? undefined : options.devpts;
  const own = ownMounts(plan, { ...spec, rootFd, sources, cgroups, devpts });
  // Without the default mounts /proc and /sys are directories of the image like others.
  const places = own.sys === undefined ? { rootFd } : { rootFd, proc: own.proc, sys: own.sys };
  const terminal = slot('terminal');
  const profile = profileSteps(process.apparmor);
  return [
    group('a process of its own', nameProcess('ns-start'), dieWithMonitor(), newKeyring()),
    ...profile.before,
    ...joinCgroup({ atBirth: false, entries: options.join }, sources.cgroup === 'new'),
    ...(process.oomScoreAdj === undefined ? [] : setOomScoreAdj(process.oomScoreAdj)),
    ...(sources.time === 'new' ? newTimeNamespace(spec.timeOffsets) : []),
    ...mounts.host,
    ...root.steps,
    setDumpable(0),
    ...own.steps,
    ...mounts.init,
    ...(process.terminal === undefined
      ? []
      : [
          call('fcntl', [0, F.F_DUPFD_CLOEXEC, 0], { what: 'keep the terminal at hand', into: terminal }),
          ...bindConsole({ terminal, dev: own.dev! }),
        ]),
    ...(sources.net === 'new' ? network(spec, options.routeSocket) : []),
    ...setNames(spec),
    ...writeSysctls({ sysctls: spec.sysctls ?? {}, sources, proc: own.proc }),
    ...makeWorkdir({ rootFd, path: plan.cwd }),
    ...maskPaths({ ...places, paths: plan.maskedPaths, nullDevice: own.nullDevice }),
    ...readonlyPaths({ ...places, paths: plan.readonlyPaths }),
    ...pivotRoot({ rootFd }),
    ...(spec.readonlyRoot === true ? readonlyRoot() : []),
    ...(process.terminal === undefined
      ? // The other program may have done so.
        [call('setsid', [], { what: 'start a session', tolerate: ['EPERM'] })]
      : useTerminal({ terminal, owner: user.uid })),
    ...enterWorkdir({ path: plan.cwd }),
    ...profile.onExec,
  ];
}

const moved =
  (source: BecomeOptions['source']) =>
  (mount: PlannedMount, index: number): PlannedMount =>
    mount.spec.type === 'bind' ? { ...mount, spec: { ...mount.spec, source: source(index) } } : mount;

function network({ network: wanted }: ContainerSpec, routeSocket: number | undefined): readonly Step[] {
  if (wanted === undefined || routeSocket === undefined) return loopbackUp();
  const self = slot('self');
  return [
    call('getpid', [], { what: 'get the own process id', into: self }),
    ...createInterfaces(wanted, { socket: routeSocket, pid: self }),
    ...configureInterfaces(wanted),
  ];
}
