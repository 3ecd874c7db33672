import { capabilityMask, allowList, highestCapability, parseCapability } from '@ns/caps';
import { isErrno } from '@ns/errors';
import {
  becomeRoot,
  enterWorkdir,
  differingNamespaces,
  NAMESPACE_FLAGS,
  openContainerPts,
  openTerminal,
  useTerminal,
  type NamespaceJoin,
} from '@ns/namespaces';
import type { Cgroup } from '@ns/cgroups';
import type { Filter } from '@ns/seccomp';
import {
  call,
  clone,
  flagText,
  forgetChildren,
  group,
  leave,
  loop,
  O,
  openPath,
  slot,
  type OwnedFd,
  type Program,
  type Slot,
  type Step,
} from '@ns/syscall';

import type { ProcessSpec, Rlimit } from '../contract.js';
import { cgroupForExec, joinCgroup, joining, type Joining } from './cgroup.js';
import { compiled } from './compiled.js';
import { DESCRIPTOR, REPORT } from './descriptors.js';
import { keepTerminal, letGo, makeChannel } from './monitor.js';
import {
  dieWithMonitor,
  execute,
  keepOnlyStandardStreams,
  nameProcess,
  newKeyring,
  setDumpable,
  setOomScoreAdj,
  type Identity,
} from './process.js';
import { profileSteps } from './profile.js';
import { filterOf } from './filter.js';
import { giveUp } from './give-up.js';
import { withDefaults } from './rlimits.js';
import { notRunning, type Session } from './session.js';
import { startSession } from './start.js';
import { BORROW_MEMORY, cloneArguments } from './supervise.js';
import { hostUserOf } from './stream-owner.js';
import { readUserFiles } from './user-files.js';
import { resolveUser, withHome } from './user.js';
import { beginMonitor, report, watch } from './watch.js';

/** What is found out before a program is run in a container. */
export interface ExecFacts {
  readonly identity: Identity;
  readonly env: readonly string[];
  readonly highestCapability: number;
  readonly rlimits: readonly Rlimit[];
  readonly filter: Filter | undefined;
  readonly joining: Joining | undefined;
  /** The identity's user, as the host has it. */
  readonly owner: number | undefined;
  /** Those of the container that are not the host's. */
  readonly namespaces: NamespaceJoin;
}

/**
 * The program that runs another program in a container and waits for its end.
 *
 * The one that waits stays outside; only its child enters, and nobody in the container may trace it.
 */
export function execProgram(process: ProcessSpec, facts: ExecFacts): Program {
  const child = slot('program');
  const channel = process.terminal === undefined ? undefined : makeChannel();
  // Entering a time namespace needs memory of one's own.
  const borrows = channel === undefined && !facts.namespaces.kinds.includes('time');
  const outside = facts.namespaces.kinds.includes('pid') ? NAMESPACE_FLAGS.pid : 0;
  return {
    title: `run ${process.args[0]} in a container`,
    statusFd: DESCRIPTOR.status,
    failureStatus: 127,
    steps: [
      group('monitor', beginMonitor('ns-exec'), setDumpable(0)),
      ...(outside === 0 ? [] : [enter(outside, 'have the next child born in the container’s pid namespace')]),
      ...(channel?.steps ?? []),
      clone({
        args: cloneArguments(
          borrows ? BORROW_MEMORY : 0,
          facts.joining?.atBirth === true ? DESCRIPTOR.cgroup : undefined,
        ),
        what: 'create the process that enters the container',
        into: child,
        child: insideSteps(process, facts, outside, channel?.child),
      }),
      group(
        'monitor: the process exists',
        report(REPORT.started, child),
        channel === undefined
          ? []
          : [
              call('close', [channel.child], { what: 'leave the other end of the channel to the process' }),
              loop(...keepTerminal(channel.monitor), leave),
            ],
        letGo([DESCRIPTOR.report, ...(channel === undefined ? [] : [DESCRIPTOR.master])]),
        forgetChildren,
        watch(child, { record: false }),
      ),
    ],
  };
}

/** Enter namespaces of the container, {@link DESCRIPTOR.target}. */
export const enter = (flags: number, what: string): Step =>
  call('setns', [DESCRIPTOR.target, flags], {
    what,
    hints: {
      ESRCH: 'the container has ended in the meantime',
      EPERM: 'entering a container needs CAP_SYS_ADMIN',
    },
  });

/** What the process that enters the container does. `outside` are the namespaces that it is in already. */
export function insideSteps(
  process: ProcessSpec,
  facts: ExecFacts,
  outside: number,
  monitor: Slot | undefined,
): Step[] {
  const rest = facts.namespaces.flags & ~outside;
  const terminal = slot('terminal');
  const pts = slot('devpts');
  const profile = profileSteps(process.apparmor);
  const allowed = process.capabilities?.map(parseCapability) ?? allowList({});
  return [
    group('a process of its own', nameProcess('ns-exec'), dieWithMonitor(), newKeyring()),
    ...profile.before,
    ...joinCgroup(facts.joining, false),
    ...(process.oomScoreAdj === undefined ? [] : setOomScoreAdj(process.oomScoreAdj)),
    ...(rest === 0 ? [] : [enter(rest, `enter the container: ${flagText('CLONE', rest)}`)]),
    ...(facts.namespaces.kinds.includes('user') ? becomeRoot() : []),
    setDumpable(0),
    ...(process.terminal === undefined
      ? [call('setsid', [], { what: 'start a session' })]
      : [
          ...openContainerPts({ into: pts }),
          ...openTerminal({
            pts,
            size: process.terminal,
            sockets: [monitor!, DESCRIPTOR.console],
            into: terminal,
          }),
          ...useTerminal({ terminal, owner: facts.identity.uid }),
        ]),
    ...enterWorkdir({ path: process.cwd ?? '/' }),
    ...profile.onExec,
    ...giveUp(process, { ...facts, capabilities: capabilityMask(allowed), canSetgroups: true }),
    group('run', keepOnlyStandardStreams(3), execute(process.args, facts.env)),
  ];
}

/** Run a program in the container whose first process is `pid`; `target` is its pidfd. */
export async function execSession(
  container: {
    readonly pid: number;
    readonly target: OwnedFd;
    readonly id: string;
    readonly stateDirectory: string;
    readonly cgroup: Cgroup | undefined;
  },
  process: ProcessSpec,
): Promise<Session> {
  const { pid, id, stateDirectory } = container;
  using target = container.target;
  using handle = cgroupForExec(container.cgroup, pid)?.openForJoin();
  const way = handle === undefined ? undefined : joining(handle);
  const facts = gatherFacts(pid, process, way?.joining);
  return await startSession({
    operation: 'exec',
    process,
    owner: facts.owner,
    program: compiled([{ ...process, seccomp: undefined }, facts], () => execProgram(process, facts)),
    argv: ['ns-exec', id],
    fds: { [DESCRIPTOR.target]: target.fd, ...way?.fds },
    hold: false,
    fallbackDirectory: stateDirectory,
  });
}

function gatherFacts(pid: number, process: ProcessSpec, how: Joining | undefined): ExecFacts {
  try {
    using root = openPath(`/proc/${pid}/root`, { flags: O.O_DIRECTORY });
    const user = resolveUser(readUserFiles(root.fd), process.user, process.groups);
    return {
      identity: user,
      owner: hostUserOf(user.uid, pid),
      env: withHome(process.env, user.home),
      highestCapability: highestCapability(),
      rlimits: withDefaults(process.rlimits ?? []),
      filter: filterOf(process),
      joining: how,
      namespaces: differingNamespaces(pid),
    };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) throw notRunning('exec');
    throw error;
  }
}
