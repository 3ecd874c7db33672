import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { highestCapability } from '@ns/caps';
import { checkJoins, prepareRoot, readCgroupLayout, runNewIdMap, type PreparedRoot } from '@ns/namespaces';
import {
  explain,
  explainJson,
  O,
  openPath,
  openat2,
  socketPair,
  writeAll,
  type ExplainedStep,
  type Image,
  type Program,
  type SocketPair,
} from '@ns/syscall';

import type { ContainerSpec } from '../contract.js';
import { validateSpec } from '../validate.js';
import {
  createContainerCgroup,
  discard,
  explainedJoining,
  joining,
  oomKilled,
  type Joining,
} from './cgroup.js';
import { compiled } from './compiled.js';
import { DESCRIPTOR } from './descriptors.js';
import { startProgram } from './monitor.js';
import { filterOf } from './filter.js';
import { planStart, type StartFacts, type StartPlan } from './plan.js';
import { reaperProgram } from './reaper.js';
import { withDefaults } from './rlimits.js';
import type { Session } from './session.js';
import { withMemory } from './start-error.js';
import { startSession } from './start.js';
import type { StateDirectory } from './state.js';
import { hostUser } from './stream-owner.js';
import { readUserFiles } from './user-files.js';
import { resolveUser, withHome } from './user.js';

/** The reaper's code lies elsewhere than the start program's, so that an address tells which of them failed. */
const REAPER_CODE = 0x80_0000;

/** Compile and spawn the start program of a container. */
export async function startContainer(
  spec: ContainerSpec,
  directory: StateDirectory,
  cgroup: string | undefined,
): Promise<Session> {
  const plan = planStart(spec, isPrivileged());
  checkJoins(plan.namespaces);
  using root = prepareRoot(spec.root, { privileged: plan.privileged, tmpfsUpper: tmpfsUpperOf(spec) });
  using state = openat2(directory.path, { flags: O.O_RDONLY | O.O_DIRECTORY });
  const group = cgroup === undefined ? undefined : createContainerCgroup(spec, cgroup);
  try {
    using handle = group?.openForJoin();
    const way = handle === undefined ? undefined : joining(handle);
    const facts = gatherFacts(spec, root, dirname(directory.path), way?.joining);
    using maps = plan.mapsBy === 'creator' ? socketPair() : undefined;
    return await startSession({
      operation: 'start',
      process: spec.process,
      program: startImage(plan, facts),
      reaper:
        spec.init === true
          ? compiled(['reaper', spec.process.terminal !== undefined, spec.process.args, facts.env], () =>
              reaperOf(spec, facts),
            )
          : undefined,
      argv: ['ns-monitor', spec.id],
      fds: {
        [DESCRIPTOR.state]: state.fd,
        ...way?.fds,
        ...(root.fd === undefined ? {} : { [DESCRIPTOR.root]: root.fd.fd }),
        ...(maps === undefined ? {} : { [DESCRIPTOR.maps]: maps.right.fd }),
      },
      owner: hostUser(facts.identity.uid, plan),
      wasOomKilled: () => oomKilled(cgroup),
      onPid: maps === undefined ? undefined : (pid) => mapIds(pid, spec, maps),
      hold: true,
      fallbackDirectory: directory.path,
    });
  } catch (error) {
    const reason = withMemory(error, group);
    await discard(group);
    throw reason;
  }
}

/** Neither the name of a container nor, where it is a descriptor already, its root are in the program. */
function startImage(plan: StartPlan, facts: StartFacts): Image {
  const { id: _id, root, process, resources: _resources, cgroup: _cgroup, ...rest } = plan.spec;
  // Of the profile, the filter is what is in the program; the cgroup is there already.
  const from = [
    rest,
    { ...process, seccomp: undefined },
    typeof facts.root === 'number' ? undefined : root,
    plan.privileged,
    facts,
  ];
  return compiled(from, () => startProgram(plan, facts));
}

/** Without privilege: have newuidmap and newgidmap write the maps, then let the container's first process go on. */
async function mapIds(
  pid: number,
  { uidMap = [], gidMap = [] }: ContainerSpec,
  maps: SocketPair,
): Promise<void> {
  try {
    // Ours must be the only copy of that end: if the maps cannot be written, its closing is what is read.
    maps.right.close();
    await runNewIdMap(pid, { uidMap, gidMap });
    writeAll(maps.left.fd, new Uint8Array(1));
  } finally {
    maps.left.close();
  }
}

/** What {@link explainContainer} tells. */
export interface ContainerExplanation {
  readonly text: string;
  readonly steps: readonly ExplainedStep[];
  /** The programs themselves, as `compile` takes them: that of the start, and with `init` the reaper. */
  readonly programs: readonly Program[];
}

/**
 * The program that would start a container, step by step, in plain words with the system calls. Nothing is started and
 * nothing is created.
 *
 * @remarks
 * Reads what a start would read: the root's passwd file, the machine's cgroup layout. With root, so that what is
 * explained is what would run.
 *
 * @throws {@link NsError} for a spec that could not be started.
 */
export function explainContainer(spec: ContainerSpec): ContainerExplanation {
  validateSpec(spec);
  const plan = planStart(spec, isPrivileged());
  using root = prepareRoot(spec.root, { privileged: plan.privileged, tmpfsUpper: tmpfsUpperOf(spec) });
  const facts = gatherFacts(spec, root, '/run', plan.privileged ? explainedJoining() : undefined);
  const program = startProgram(plan, facts);
  const programs = spec.init === true ? [program, reaperOf(spec, facts)] : [program];
  return {
    programs,
    text: programs.map((part) => explain(part)).join('\n'),
    steps: programs.flatMap((part) => explainJson(part)),
  };
}

export const isPrivileged = (): boolean => process.geteuid?.() === 0;

const tmpfsUpperOf = ({ root }: ContainerSpec): boolean | { readonly sizeBytes: number } =>
  root.kind === 'overlay' ? (root.tmpfsUpper ?? false) : false;

const reaperOf = (spec: ContainerSpec, facts: StartFacts): Program => ({
  ...reaperProgram(spec.process.args, facts.env, spec.process.terminal !== undefined),
  codeAddress: REAPER_CODE,
});

function gatherFacts(
  spec: ContainerSpec,
  root: PreparedRoot,
  mountPoint: string,
  how: Joining | undefined,
): StartFacts {
  using directory = root.fd === undefined ? openPath(directoryWithUsers(spec.root)) : undefined;
  const files = readUserFiles(root.fd?.fd ?? directory!.fd);
  const user = resolveUser(files, spec.process.user, spec.process.groups);
  return {
    identity: user,
    env: withHome(spec.process.env, user.home),
    rlimits: withDefaults(spec.process.rlimits ?? []),
    highestCapability: highestCapability(),
    filter: filterOf(spec.process),
    joining: how,
    root: root.inChild ?? DESCRIPTOR.root,
    mountPoint,
    cgroups: spec.defaultMounts === false ? undefined : readCgroupLayout(),
  };
}

/** Without privilege the overlay cannot be looked at before it exists: its topmost layer that has users speaks for it. */
export function directoryWithUsers(root: ContainerSpec['root']): string {
  if (root.kind === 'directory') return root.path;
  const layers = [...(root.upper === undefined ? [] : [root.upper]), ...root.lower];
  return layers.find((layer) => existsSync(join(layer, 'etc/passwd'))) ?? layers[0]!;
}
