import {
  awaitIdMaps,
  becomeRoot,
  enterWorkdir,
  hostNullDevice,
  linkDevices,
  loopbackUp,
  makeDevices,
  makeWorkdir,
  maskPaths,
  newTimeNamespace,
  openProc,
  pivotRoot,
  readonlyPaths,
  readonlyRoot,
  setNames,
  useTerminal,
  writeSysctls,
  type AttachedRoot,
  type ConfigMounts,
  type NamespaceSources,
} from '@ns/namespaces';
import {
  execute,
  joinCgroup,
  keepOnlyStandardStreams,
  nameProcess,
  newKeyring,
  profileSteps,
  setDumpable,
} from '@ns/execdriver/runtime';
import { call, cstr, exit, group, MS, scratch, slot, type Operand, type Slot, type Step } from '@ns/syscall';

import type { ContainerPlan, ProcessPlan } from '../plan.js';
import { confine } from './confine.js';
import type { CreateFacts, ProcessFacts } from './facts.js';
import { waitsForCreator } from './facts.js';
import { awaitWord, hookSteps, tell, TOLD } from './hook-steps.js';
import { bindConsole, findPts, openConsole } from './terminal-steps.js';

/** What is decided together with the part outside. */
export interface InitParts {
  readonly root: AttachedRoot;
  readonly mounts: ConfigMounts;
}

/** What the first process of a container does between clone3(2) and execve(2): the whole sequence. */
export function initSteps(plan: ContainerPlan, facts: CreateFacts, { root, mounts }: InitParts): Step[] {
  const { spec, process } = plan;
  const { sources } = facts.namespaces;
  const { fds } = facts;
  const { rootFd } = root;
  const profile = profileSteps(process?.spec.apparmor);
  const terminal = slot('terminal');

  return [
    group('a process of its own', nameProcess('ns-init'), facts.newKeyring ? newKeyring() : []),
    ...profile.before,
    ...joinCgroup(facts.joining, facts.namespaces.deferredFlags !== 0),
    ...(sources.user === 'new' ? awaitIdMaps({ socket: fds.sync }) : []),
    ...(sources.time === 'new' ? newTimeNamespace(spec.timeOffsets) : []),
    // The place of the root is reached with the creator's own ids: a mapped user may not get there.
    ...root.steps,
    ...(sources.user === 'host' ? [] : becomeRoot()),
    setDumpable(0),

    ...(sources.net === 'new' ? loopbackUp() : []),
    ...mounts.init,
    ...devices(plan, facts, rootFd),
    ...mounts.late,
    ...(facts.terminal ? makeTerminal(process!, facts, { mounts, rootFd, terminal }) : []),
    ...setNames(spec),
    ...(waitsForCreator(plan)
      ? [
          tell(fds.sync, TOLD.hooks, 'tell the creator that the namespaces are there'),
          ...awaitWord(fds.sync, 'wait for hooks and network devices'),
        ]
      : []),
    ...hookSteps(plan.hooks.createContainer, {
      kind: 'createContainer',
      state: fds.createState,
      output: fds.hookOutput,
      last: fds.last,
    }),
    ...protect(plan, facts, { mounts, rootFd }),
    ...changeRoot(plan, facts, rootFd),

    ...(facts.terminal
      ? useTerminal({ terminal, owner: process!.uid })
      : [call('setsid', [], { what: 'start a session' })]),
    ...(process === undefined ? [] : enterWorkdir({ path: cwdOf(process) })),
    ...profile.onExec,
    ...(process === undefined ? [] : becomeProcess(process, facts, plan)),
    tell(fds.sync, TOLD.created, 'tell the creator that the container is there'),
    ...awaitStart(plan, facts),
    ...(process === undefined ? [exit(0)] : execute(process.spec.args, facts.env)),
  ];
}

const cwdOf = ({ spec }: ProcessPlan): string => spec.cwd ?? '/';

/** Nodes and links of `/dev`, unless the host's is there. */
function devices(plan: ContainerPlan, facts: CreateFacts, rootFd: Operand): readonly Step[] {
  if (plan.mounts.some(({ target, bind }) => target === '/dev' && bind !== undefined)) return [];
  const bind = facts.namespaces.sources.user !== 'host' || !facts.privileged;
  return [...makeDevices({ rootFd, devices: plan.devices, bind }), ...linkDevices({ rootFd })];
}

function makeTerminal(
  process: ProcessPlan,
  { fds }: ProcessFacts,
  parts: { readonly mounts: ConfigMounts; readonly rootFd: Operand; readonly terminal: Slot },
): readonly Step[] {
  const { mounts, rootFd, terminal } = parts;
  const found = mounts.at.get('/dev/pts');
  const pts = found ?? slot('devpts');
  return [
    ...(found === undefined ? findPts({ rootFd, into: pts }) : []),
    ...openConsole({ pts, process, socket: fds.console, into: terminal }),
    ...bindConsole({ terminal, rootFd }),
  ];
}

/** Sysctls, and what is hidden or read-only. */
function protect(
  plan: ContainerPlan,
  { namespaces: { sources } }: CreateFacts,
  { mounts, rootFd }: { readonly mounts: ConfigMounts; readonly rootFd: Operand },
): readonly Step[] {
  const { spec, process } = plan;
  const { sysctls = {}, maskedPaths = [], readonlyPaths: readonly = [] } = spec;
  const procMount = mounts.at.get('/proc');
  const sysMount = mounts.at.get('/sys');
  const proc = procMount ?? slot('proc');
  const nullDevice = slot('null');
  const places = {
    rootFd,
    ...(procMount === undefined ? {} : { proc: procMount }),
    ...(sysMount === undefined ? {} : { sys: sysMount }),
  };
  return [
    ...(procMount === undefined && Object.keys(sysctls).length > 0 ? openProc({ into: proc }) : []),
    ...writeSysctls({ sysctls, sources: ownedBy(sources), proc }),
    ...(process === undefined ? [] : makeWorkdir({ rootFd, path: cwdOf(process) })),
    ...(maskedPaths.length === 0 ? [] : hostNullDevice({ into: nullDevice })),
    ...maskPaths({ ...places, paths: maskedPaths, nullDevice }),
    ...readonlyPaths({ ...places, paths: readonly }),
  ];
}

/** A namespace that is joined is the container's as well: those of a pod set what they share. */
const ownedBy = (sources: NamespaceSources): NamespaceSources =>
  Object.fromEntries(
    Object.entries(sources).map(([kind, source]) => [kind, source === 'host' ? 'host' : 'new']),
  ) as unknown as NamespaceSources;

function changeRoot(plan: ContainerPlan, facts: CreateFacts, rootFd: Operand): readonly Step[] {
  const { rootfsPropagation: propagation } = plan;
  const recursive = propagation?.startsWith('r') === true;
  const kind =
    propagation === undefined
      ? undefined
      : (`MS_${propagation.slice(recursive ? 1 : 0).toUpperCase()}` as 'MS_SHARED');
  return [
    ...(facts.noPivot ? moveRoot(rootFd) : pivotRoot({ rootFd })),
    ...(kind === undefined
      ? []
      : [
          call('mount', [cstr(''), cstr('/'), cstr(''), MS[kind] | (recursive ? MS.MS_REC : 0), 0], {
            what: `make the root ${propagation}`,
            object: '/',
          }),
        ]),
    ...(plan.spec.readonlyRoot === true ? readonlyRoot() : []),
  ];
}

/** `--no-pivot`: for a machine that runs from its initial ramdisk. The host's mounts stay below, out of reach of paths. */
const moveRoot = (rootFd: Operand): readonly Step[] => [
  group(
    'move to the root',
    call('fchdir', [rootFd], { what: 'go to the root' }),
    call('mount', [cstr('.'), cstr('/'), cstr(''), MS.MS_MOVE, 0], { what: 'move the root onto /' }),
    call('chroot', [cstr('.')], { what: 'make it the root' }),
    call('chdir', [cstr('/')], { what: 'go to the new root' }),
  ),
];

function becomeProcess(process: ProcessPlan, facts: CreateFacts, plan: ContainerPlan): Step[] {
  return confine(
    {
      ...facts,
      ...confinementOf(process),
      canSetgroups: facts.canSetgroups,
      sync: facts.fds.sync,
      personality: plan.personality,
      memoryPolicy: plan.memoryPolicy,
    },
    passDescriptors(facts),
  );
}

/** What a plan says of a process, in the form that {@link confine} takes. */
export const confinementOf = (
  process: ProcessPlan,
): Pick<
  Parameters<typeof confine>[0],
  'args' | 'uid' | 'gid' | 'groups' | 'umask' | 'noNewPrivileges' | 'scheduler' | 'ioPriority'
> => ({
  args: process.spec.args,
  uid: process.uid,
  gid: process.gid,
  groups: (process.spec.groups ?? []).map(Number),
  umask: process.spec.umask ?? 0o022,
  noNewPrivileges: process.spec.noNewPrivileges === true,
  scheduler: process.scheduler,
  ioPriority: process.ioPriority,
});

/** Preserved descriptors at their numbers; all others end with the execve(2). */
export const passDescriptors = ({ preserved, fds }: ProcessFacts): Step[] => [
  ...Array.from({ length: preserved }, (_, index) =>
    call('dup3', [fds.preserved + index, 3 + index, 0], { what: `pass descriptor ${3 + index} on` }),
  ),
  keepOnlyStandardStreams(3 + preserved, fds.last),
];

/** The title of the steps after which there is nothing but hooks and the program. */
export const GATE = 'wait for the start';

/** Wait at the start fifo, then the hooks that are run just before the program. */
function awaitStart(plan: ContainerPlan, { fds }: CreateFacts): readonly Step[] {
  return [
    group(GATE, call('read', [fds.start, scratch(1, 'byte'), 1], { what: 'wait for the start' })),
    ...hookSteps(plan.hooks.startContainer, {
      kind: 'startContainer',
      state: fds.startState,
      last: fds.last,
    }),
  ];
}
