import { highestCapability, parseCapability } from '@ns/caps';
import { NsError } from '@ns/errors';
import { readUserFiles, resolveUser, withHome } from '@ns/execdriver/runtime';
import type { PreparedRoot } from '@ns/namespaces';
import { evaluateFilter, filterFor, hostContext, type Filter } from '@ns/seccomp';
import { AUDIT_ARCH, openPath, SECCOMP_RET, SYSCALLS, type OwnedFd } from '@ns/syscall';

import type { ContainerPlan, OciMount, ProcessPlan } from '../plan.js';
import { cgroupView } from './cgroup.js';
import { grantable } from './capabilities.js';
import type { Descriptors } from './descriptors.js';
import type { CreateFacts } from './facts.js';
import { deniesSetgroups } from './id-maps.js';
import { grantableLimits } from './limits.js';
import type { Attempt } from './options.js';
import { isPrivileged } from './prepare.js';

/** A mount that is made here, for a program of system calls copies no trees. */
export interface MadeMount {
  readonly mount: OciMount;
  readonly fd: OwnedFd;
}

/** What has been made before the program is. */
export interface Gathered {
  readonly root: PreparedRoot;
  readonly numbers: Descriptors;
  readonly preserved: number;
  readonly listen: number;
  readonly made: readonly MadeMount[];
  readonly joining: CreateFacts['joining'];
}

/** Find out what the program of a container depends on. */
export function gatherFacts(attempt: Attempt, gathered: Gathered): CreateFacts {
  const { options, plan, namespaces, kinds, cgroup } = attempt;
  const { root, numbers, preserved, listen, made } = gathered;
  const { process } = plan;
  return {
    namespaces,
    privileged: isPrivileged(),
    canSetgroups: !deniesSetgroups(plan.spec),
    root: root.inChild ?? numbers.root,
    rootPath: rootPathOf(plan),
    kindOf: (mount) => kinds.get(mount) ?? 'directory',
    cgroups: cgroupView(plan, cgroup),
    made: new Map(made.map(({ mount }, index) => [mount, numbers.mounts + index])),
    noPivot: options.noPivot,
    env: process === undefined ? [] : envOf(process, plan, root, listen),
    rlimits: grantableLimits(process?.spec.rlimits ?? [], options.warn),
    capabilities: grantable(
      process?.capabilities ?? NO_CAPABILITIES,
      namespaces.sources.user !== 'host',
      options.warn,
    ),
    highestCapability: highestCapability(),
    filter: process === undefined ? undefined : filterOf(process),
    joining: gathered.joining,
    fds: numbers,
    terminal: process?.terminal === true,
    preserved,
    newKeyring: !options.noNewKeyring,
  };
}

const NO_CAPABILITIES = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] } as const;

/** The directory of the root on the host. */
export const rootPathOf = ({ spec }: ContainerPlan): string =>
  spec.root.kind === 'directory' ? spec.root.path : '/';

/**
 * The seccomp filter of a process; undefined when it has none.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` for one that asks the listener whether the listener may be handed over.
 */
export function filterOf({ spec, capabilities }: ProcessPlan): Filter | undefined {
  const { seccomp } = spec;
  if (seccomp === undefined || seccomp === 'unconfined') return undefined;
  const context = hostContext(capabilities.bounding.map(parseCapability));
  const filter = filterFor(context, seccomp);
  if (filter.hasListener && asksListener(filter, context.architecture)) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'linux.seccomp',
      message: 'SCMP_ACT_NOTIFY for sendmsg, by which the listener is handed over: nobody could answer',
      hint: 'leave sendmsg out of the rule',
    });
  }
  return filter;
}

function asksListener({ program }: Filter, architecture: 'x86_64' | 'aarch64'): boolean {
  const { value } = evaluateFilter(program, {
    number: SYSCALLS.sendmsg[architecture],
    architecture: AUDIT_ARCH[architecture === 'x86_64' ? 'AUDIT_ARCH_X86_64' : 'AUDIT_ARCH_AARCH64'],
  });
  return (value & ~SECCOMP_RET.SECCOMP_RET_DATA) >>> 0 === SECCOMP_RET.SECCOMP_RET_USER_NOTIF;
}

function envOf(process: ProcessPlan, plan: ContainerPlan, root: PreparedRoot, listen: number): string[] {
  using directory = root.fd === undefined ? openPath(rootPathOf(plan)) : undefined;
  const { uid, gid } = process;
  const { home } = resolveUser(readUserFiles(root.fd?.fd ?? directory!.fd), `${uid}:${gid}`);
  const env = withHome(process.spec.env, home);
  return listen === 0 ? env : [...env, `LISTEN_FDS=${listen}`, 'LISTEN_PID=1'];
}
