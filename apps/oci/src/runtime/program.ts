import { becomeRoot, enterWorkdir, openContainerPts, useTerminal, type NamespaceJoin } from '@ns/namespaces';
import { attachRoot, configMounts, joinNamespaces, NAMESPACE_FLAGS } from '@ns/namespaces';
import {
  BORROW_MEMORY,
  cloneArguments,
  execute,
  joinCgroup,
  nameProcess,
  newKeyring,
  profileSteps,
  setDumpable,
  setOomScoreAdj,
} from '@ns/execdriver/runtime';
import {
  bytes,
  call,
  clone,
  CLONE,
  exit,
  fail,
  flagText,
  group,
  on,
  scratch,
  SIG,
  slot,
  store,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { ContainerPlan, ProcessPlan } from '../plan.js';
import { confine } from './confine.js';
import type { CreateFacts, ProcessFacts } from './facts.js';
import { confinementOf, initSteps, passDescriptors } from './init.js';
import { openConsole } from './terminal-steps.js';

/** The descriptor by which a program that joins its cgroup at birth has the directory. See `joining`. */
const CGROUP_DIRECTORY = 15;

/** Tell the creator the pid, and be gone: nobody of ours stays. */
function reportPid(report: number, pid: Slot): Step[] {
  const record = scratch(4, 'pid');
  const what = 'tell the creator the process id';
  // A process that nobody knows of would go on.
  const forget = [
    call('kill', [pid, SIG.SIGKILL], { what: 'end a process that nobody knows of', tolerate: 'any' }),
    fail('EIO', { what }),
  ];
  return [
    store(pid, record, 0, 4),
    call('write', [report, record, 4], { what, on: [on('any', ...forget)] }),
    exit(0),
  ];
}

/** Its end is that of the one who reports. */
const leaveReport = (report: number): Step =>
  call('close', [report], { what: 'leave the report to the one outside' });

/**
 * The program that creates a container and ends. Its child becomes a child of the creator (`CLONE_PARENT`), whose own
 * end leaves it to the caller: conmon, a shim of containerd.
 */
export function createProgram(plan: ContainerPlan, facts: CreateFacts): Program {
  const { namespaces, fds } = facts;
  const container = slot('container');
  const oomScoreAdj = plan.process?.spec.oomScoreAdj;
  const isPrivate = /^r?private$/.test(plan.rootfsPropagation ?? '');
  const root = attachRoot({
    root: facts.root,
    on: facts.rootPath,
    propagation: isPrivate ? 'MS_PRIVATE' : 'MS_SLAVE',
  });
  const mounts = configMounts({
    mounts: plan.mounts,
    rootFd: root.rootFd,
    privileged: facts.privileged,
    kindOf: facts.kindOf,
    propagation: isPrivate ? 'rprivate' : 'rslave',
    cgroups: facts.cgroups,
    made: facts.made,
  });
  return {
    title: 'create a container',
    statusFd: fds.status,
    failureStatus: 127,
    steps: [
      // Sources of mounts before namespaces: the rights over the host's mounts may end there.
      ...mounts.host,
      ...joinNamespaces(namespaces),
      // Inherited: in a user namespace of its own the process may not lower it any more.
      ...(oomScoreAdj === undefined ? [] : setOomScoreAdj(oomScoreAdj)),
      clone({
        args: cloneArguments(
          namespaces.cloneFlags | CLONE.CLONE_PARENT,
          facts.joining?.atBirth === true ? CGROUP_DIRECTORY : undefined,
        ),
        what: 'create the container’s first process',
        hints: {
          ENOSPC: 'too many namespaces: see /proc/sys/user/max_*_namespaces',
          EPERM: 'creating namespaces needs CAP_SYS_ADMIN, or a user namespace',
        },
        into: container,
        child: [leaveReport(fds.report), ...initSteps(plan, facts, { root, mounts })],
      }),
      ...reportPid(fds.report, container),
    ],
  };
}

/** What is found out before a program is run in a container. */
export interface ExecFacts extends ProcessFacts {
  /** Those of the container that are not the host's. */
  readonly namespaces: NamespaceJoin;
  readonly canSetgroups: boolean;
}

/** The program that has another program run in a container, and ends. */
export function execProgram(process: ProcessPlan, facts: ExecFacts): Program {
  const child = slot('program');
  const { fds, namespaces } = facts;
  const outside = namespaces.kinds.includes('pid') ? NAMESPACE_FLAGS.pid : 0;
  // Entering a time namespace needs memory of one's own.
  const borrows = !namespaces.kinds.includes('time') && facts.filter?.hasListener !== true;
  return {
    title: `run ${process.spec.args[0]} in a container`,
    statusFd: fds.status,
    failureStatus: 127,
    steps: [
      setDumpable(0),
      ...setAffinity(process.execCpuAffinity?.initial, 'before the container’s cgroup is entered'),
      ...(outside === 0
        ? []
        : [enter(fds.target, outside, 'have the next child born in the container’s pid namespace')]),
      clone({
        args: cloneArguments(
          (borrows ? BORROW_MEMORY : 0) | CLONE.CLONE_PARENT,
          facts.joining?.atBirth === true ? CGROUP_DIRECTORY : undefined,
        ),
        what: 'create the process that enters the container',
        into: child,
        child: [leaveReport(fds.report), ...insideSteps(process, facts, outside)],
      }),
      ...reportPid(fds.report, child),
    ],
  };
}

const enter = (target: number, flags: number, what: string): Step =>
  call('setns', [target, flags], {
    what,
    hints: {
      ESRCH: 'the container has ended in the meantime',
      EPERM: 'entering a container needs CAP_SYS_ADMIN',
    },
  });

function insideSteps(process: ProcessPlan, facts: ExecFacts, outside: number): Step[] {
  const { fds } = facts;
  const rest = facts.namespaces.flags & ~outside;
  const terminal = slot('terminal');
  const pts = slot('devpts');
  const profile = profileSteps(process.spec.apparmor);
  const { oomScoreAdj } = process.spec;
  return [
    group('a process of its own', nameProcess('ns-exec'), facts.newKeyring ? newKeyring() : []),
    ...profile.before,
    ...joinCgroup(facts.joining, false),
    ...setAffinity(process.execCpuAffinity?.final, 'in the container’s cgroup'),
    ...(oomScoreAdj === undefined ? [] : setOomScoreAdj(oomScoreAdj)),
    ...(rest === 0 ? [] : [enter(fds.target, rest, `enter the container: ${flagText('CLONE', rest)}`)]),
    ...(facts.namespaces.kinds.includes('user') ? becomeRoot() : []),
    setDumpable(0),
    ...(facts.terminal
      ? [
          ...openContainerPts({ into: pts }),
          ...openConsole({ pts, process, socket: fds.console, into: terminal }),
          ...useTerminal({ terminal, owner: process.uid }),
        ]
      : [call('setsid', [], { what: 'start a session' })]),
    ...enterWorkdir({ path: process.spec.cwd ?? '/' }),
    ...profile.onExec,
    ...confine(
      { ...facts, ...confinementOf(process), sync: fds.sync, canSetgroups: facts.canSetgroups },
      passDescriptors(facts),
    ),
    ...execute(process.spec.args, facts.env),
  ];
}

/** sched_setaffinity(2) of a list such as `0-3,7`. */
function setAffinity(list: string | undefined, when: string): Step[] {
  if (list === undefined || list === '') return [];
  const mask = new Uint8Array(1024 / 8);
  for (const part of list.split(',')) {
    const [from = 0, to = from] = part.split('-').map(Number);
    for (let cpu = from; cpu <= to && cpu < 1024; cpu++) mask[cpu >> 3]! |= 1 << (cpu & 7);
  }
  return [
    call('sched_setaffinity', [0, mask.length, bytes(mask, `processors ${list}`)], {
      what: `run on processors ${list} ${when}`,
      hints: { EINVAL: 'none of these processors is there, or the cpuset does not have them' },
    }),
  ];
}
