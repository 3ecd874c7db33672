import type { Cgroup } from '@ns/cgroups';
import { NAMESPACE_KINDS } from '@ns/namespaces';
import { walk, type Image } from '@ns/syscall';

import type { ContainerPlan } from '../plan.js';
import { rootPathOf } from './gather.js';
import type { Attempt } from './options.js';
import { GATE } from './init.js';
import { isPrivileged } from './prepare.js';
import { ownName, type LateStep, type StateRecord } from './state.js';

/** What is known before there is a process. */
export function firstRecord({ options, plan, cgroup, unit, namespaces }: Attempt): StateRecord {
  return {
    version: 1,
    id: options.id,
    ociVersion: plan.ociVersion,
    bundle: plan.bundle,
    rootfs: rootPathOf(plan),
    annotations: plan.annotations,
    created: new Date().toISOString(),
    owner: ownName(),
    rootless: !isPrivileged(),
    init_process_pid: 0,
    init_process_start: 0,
    creating: true,
    ...(cgroup === undefined ? {} : { cgroup_path: cgroup.path }),
    ...(unit === undefined ? {} : { systemd_unit: unit }),
    cgroup_paths: cgroup === undefined ? {} : cgroupPaths(cgroup),
    namespace_paths: {},
    own_pids: namespaces.sources.pid === 'new',
    terminal: plan.process?.terminal === true,
    no_new_keyring: options.noNewKeyring,
    ...(plan.process === undefined ? {} : { command: plan.process.spec.args[0] ?? '' }),
    hooks: { poststart: plan.hooks.poststart, poststop: plan.hooks.poststop },
    late_steps: [],
  };
}

function cgroupPaths(cgroup: Cgroup): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const hierarchy of cgroup.layout.hierarchies) {
    const names = hierarchy.controllers.length > 0 ? hierarchy.controllers : [];
    for (const name of hierarchy.version === 2
      ? ['']
      : [...names, ...(hierarchy.name === undefined ? [] : [`name=${hierarchy.name}`])]) {
      paths[name] = hierarchy.mountPoint + cgroup.path;
    }
  }
  return paths;
}

/** The namespaces of its first process, by runc's names. */
export const namesOf = (pid: number): Pick<StateRecord, 'namespace_paths'> => ({
  namespace_paths: Object.fromEntries(
    NAMESPACE_KINDS.map((kind) => [
      `NEW${kind === 'mnt' ? 'NS' : kind.toUpperCase()}`,
      `/proc/${pid}/ns/${kind}`,
    ]),
  ),
});

/** Steps that are done when `create` has ended: what `start` hears of. */
export function lateSteps({ program, sites }: Image, plan: ContainerPlan): LateStep[] {
  if (plan.process === undefined) return [];
  const child = program.steps.find((step) => step.op === 'clone')?.child ?? [];
  const gate = child.findIndex((step) => step.op === 'group' && step.title === GATE);
  const late = new Set(walk(child.slice(gate)));
  return [...sites].flatMap(([address, step]): LateStep[] => {
    if (!late.has(step) || (step.op !== 'call' && step.op !== 'fail' && step.op !== 'clone')) return [];
    const { what, object, hints, tag } = step;
    return [{ address, what, object, hints, tag }];
  });
}
