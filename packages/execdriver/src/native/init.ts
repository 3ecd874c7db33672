import {
  awaitIdMaps,
  becomeRoot,
  bindConsole,
  enterWorkdir,
  makeWorkdir,
  maskPaths,
  newTimeNamespace,
  openTerminal,
  pivotRoot,
  readonlyPaths,
  readonlyRoot,
  requestIdMaps,
  setNames,
  useTerminal,
  writeSysctls,
  type AttachedRoot,
} from '@ns/namespaces';
import { AT, call, cstr, group, slot, strings, type Slot, type Step } from '@ns/syscall';

import { joinCgroup } from './cgroup.js';
import { DESCRIPTOR } from './descriptors.js';
import { giveUp } from './give-up.js';
import { ownMounts } from './own-mounts.js';
import type { StartFacts, StartPlan } from './plan.js';
import {
  dieWithMonitor,
  execute,
  keepOnlyStandardStreams,
  nameProcess,
  newKeyring,
  setDumpable,
  setOomScoreAdj,
} from './process.js';
import { profileSteps } from './profile.js';

/** What is decided together with the monitor's part. */
export interface InitParts {
  /** The socket to the monitor; undefined when there is nothing to say to it. */
  readonly monitor: Slot | undefined;
  readonly root: AttachedRoot;
  /** The user's mounts. */
  readonly mounts: readonly Step[];
  /** /dev/shm of the container whose ipc namespace is shared. */
  readonly shm: Slot | undefined;
  /** Used with a net namespace of its own. */
  readonly network: readonly Step[];
}

/** What the first process of a container does between clone3(2) and execve(2): the whole init sequence. */
export function initSteps(
  plan: StartPlan,
  facts: StartFacts,
  { monitor, root, mounts, shm, network }: InitParts,
): Step[] {
  const { spec, namespaces } = plan;
  const { sources } = namespaces;
  const { process } = spec;
  const { rootFd } = root;
  const own = ownMounts(plan, { ...spec, rootFd, sources, cgroups: facts.cgroups, peerShm: shm });
  // Without the default mounts /proc and /sys are directories of the image like others.
  const places = own.sys === undefined ? { rootFd } : { rootFd, proc: own.proc, sys: own.sys };
  const terminal = slot('terminal');
  const profile = profileSteps(process.apparmor);

  return [
    group('a process of its own', nameProcess('ns-start'), dieWithMonitor(), newKeyring()),
    ...profile.before,
    ...joinCgroup(facts.joining, namespaces.deferredFlags !== 0),
    ...idMaps(plan, monitor),
    ...(process.oomScoreAdj === undefined ? [] : setOomScoreAdj(process.oomScoreAdj)),
    ...(sources.time === 'new' ? newTimeNamespace(spec.timeOffsets) : []),
    // The place of the root is reached with the creator's own ids: a mapped user may not get there.
    ...root.steps,
    ...(sources.user === 'host' ? [] : becomeRoot()),
    setDumpable(0),

    ...own.steps,
    ...mounts,
    ...(process.terminal === undefined
      ? []
      : [
          ...openTerminal({
            pts: own.pts!,
            size: process.terminal,
            sockets: [monitor!, DESCRIPTOR.console],
            into: terminal,
          }),
          ...bindConsole({ terminal, dev: own.dev! }),
        ]),
    ...(sources.net === 'new' ? network : []),
    ...setNames(spec),
    ...writeSysctls({ sysctls: spec.sysctls ?? {}, sources, proc: own.proc }),
    ...makeWorkdir({ rootFd, path: plan.cwd }),
    ...maskPaths({ ...places, paths: plan.maskedPaths, nullDevice: own.nullDevice }),
    ...readonlyPaths({ ...places, paths: plan.readonlyPaths }),
    ...pivotRoot({ rootFd }),
    ...(spec.readonlyRoot === true ? readonlyRoot() : []),

    ...(process.terminal === undefined ? newSession() : useTerminal({ terminal, owner: facts.identity.uid })),
    ...enterWorkdir({ path: plan.cwd }),
    ...profile.onExec,
    ...giveUp(process, {
      ...facts,
      capabilities: plan.capabilities,
      canSetgroups: !plan.deniesSetgroups,
    }),
    ...run(plan, facts),
  ];
}

function idMaps(plan: StartPlan, monitor: Slot | undefined): readonly Step[] {
  if (plan.mapsBy === 'nobody') return [];
  return plan.mapsBy === 'monitor'
    ? requestIdMaps({ socket: monitor! })
    : awaitIdMaps({ socket: DESCRIPTOR.maps });
}

const newSession = (): Step[] => [call('setsid', [], { what: 'start a session' })];

/** Become the program; with `init`, the reaper, which starts the program. */
function run(plan: StartPlan, facts: StartFacts): Step[] {
  const { args } = plan.spec.process;
  if (plan.spec.init !== true) return [group('run', keepOnlyStandardStreams(3), execute(args, facts.env))];
  return [
    group(
      'run',
      // The reaper passes the status pipe on to the program's own execve.
      keepOnlyStandardStreams(DESCRIPTOR.status + 1),
      call(
        'execveat',
        [
          DESCRIPTOR.reaper,
          cstr(''),
          strings(['/sbin/ns-init', '--', ...args]),
          strings(facts.env),
          AT.AT_EMPTY_PATH,
        ],
        {
          what: 'run the init',
        },
      ),
    ),
  ];
}
