import { isErrno, type NsError } from '@ns/errors';

import { applyWrites, directoryIn } from './apply.js';
import type { Cgroup } from './cgroup.js';
import { readControl, writeControl } from './control-file.js';
import { assertCpusetFits } from './cpuset-fits.js';
import { delegate, type Owner } from './delegate.js';
import { attachDeviceProgram } from './device-filter.js';
import { makeDirectory, removeDirectory } from './directory.js';
import { conflict, unsupported } from './errors.js';
import { HostCgroup } from './host-cgroup.js';
import { knownLayout, type CgroupHierarchy, type CgroupLayout } from './layout.js';
import { cgroupPath, joinPath, stepsBelow } from './path.js';
import { planResources, type Plan } from './plan.js';
import type { Resources } from './resources.js';
import { enableControllers } from './subtree-control.js';
import { validateResources } from './validate.js';

/** What {@link createCgroup} makes. */
export interface CreateOptions {
  /** Below the mount points: `/`, or `/system.slice/ns.service`. Nothing outside of it is touched. Made when missing. */
  readonly parent: string;
  /** Below the parent: `web`, `ns/web`. Groups on the way are made; the last must not exist. */
  readonly name: string;
  readonly resources?: Resources;
  /** Delegate: this user may put processes into groups of its own below. See cgroups(7), "Delegation". */
  readonly owner?: Owner;
  /** Default: what `detect()` said first in this process. */
  readonly layout?: CgroupLayout;
  /**
   * `'adopt'`: directories that somebody else has made, as systemd does for its units, are taken as they are, missing ones
   * are made, and no controllers are enabled above. Default: a group that exists is refused.
   */
  readonly existing?: 'refuse' | 'adopt';
  /** Called for each limit that this machine does not have, which is then left out, as Docker warns. Default: refused. */
  readonly onUnsupported?: (error: NsError) => void;
}

/**
 * Create a cgroup with limits: in every mounted hierarchy on version 1 and hybrid.
 *
 * @remarks
 * On version 2 the controllers are enabled in `cgroup.subtree_control` of the parent and of groups between, no
 * higher. On version 1 a new group of `cpuset` gets its parent's processors and nodes. Synchronous.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for impossible resources or paths, `ERR_NS_UNSUPPORTED` for what this kernel or
 * layout cannot limit, `ERR_NS_CONFLICT` when the group exists or the parent has processes (version 2).
 * @throws SyscallError when the kernel refuses something. Nothing is left of the attempt in any case.
 *
 * @example
 * ```ts
 * const group = createCgroup({ parent: '/', name: 'ns/web', resources: { memory: { limitBytes: 256 * 2 ** 20 } } });
 * ```
 */
export function createCgroup(options: CreateOptions): Cgroup {
  const { resources = {}, owner, layout = knownLayout(), onUnsupported } = options;
  const parent = cgroupPath(options.parent);
  const path = joinPath(parent, options.name);
  const isAdopted = options.existing === 'adopt';
  validateResources(resources);
  const plan = planResources(resources, layout, { onUnsupported });
  assertCpusetFits(resources, layout, parent);

  const made: string[] = [];
  try {
    for (const hierarchy of layout.hierarchies) {
      const fresh = makeIn(hierarchy, path, made, isAdopted);
      if (hierarchy.version === 1 && hierarchy.controllers.includes('cpuset')) fillCpusets(fresh, resources);
    }
    if (!isAdopted && layout.unified !== undefined && layout.unified.controllers.length > 0)
      enable(layout.unified, parent, path, plan);
    applyWrites(layout, path, plan.writes, onUnsupported);
    if (plan.deviceProgram !== undefined && layout.unified !== undefined) {
      const directory = directoryIn(layout.unified, path);
      const { deviceProgram } = plan;
      unlessForbidden(onUnsupported, () => attachDeviceProgram(directory, deviceProgram));
    }
    if (owner !== undefined) {
      for (const hierarchy of layout.hierarchies)
        delegate(directoryIn(hierarchy, path), hierarchy.version, owner);
    }
  } catch (error) {
    // What somebody else has begun to use meanwhile stays.
    for (const directory of made.toReversed()) removeQuietly(directory);
    throw error;
  }
  return new HostCgroup(layout, path);
}

/** Without privileges in the initial user namespace there is no device filter, but no making of device nodes either. */
function unlessForbidden(onUnsupported: CreateOptions['onUnsupported'], attach: () => void): void {
  try {
    attach();
  } catch (cause) {
    if (onUnsupported === undefined || !isErrno(cause, 'EPERM')) throw cause;
    onUnsupported(unsupported('this process may not attach a device filter', { cause }));
  }
}

/** The directories that were made in a hierarchy, from the top down. */
function makeIn(hierarchy: CgroupHierarchy, path: string, made: string[], isAdopted: boolean): string[] {
  const directory = directoryIn(hierarchy, path);
  const fresh: string[] = [];
  const make = (one: string): boolean => {
    const isNew = makeDirectory(one) === true;
    if (isNew) {
      made.push(one);
      fresh.push(one);
    }
    return isNew;
  };
  const result = makeDirectory(directory);
  if (result === true) {
    made.push(directory);
    return [directory];
  }
  if (result === undefined) {
    // Usually only the last part is missing.
    let isNew = false;
    for (const step of stepsBelow('/', path)) isNew = make(directoryIn(hierarchy, step));
    if (isNew) return fresh;
  }
  if (isAdopted) return [];
  throw conflict(`cgroup ${path} exists in ${hierarchy.mountPoint}`, {
    path: directory,
    hint: 'choose another name, or remove what is left of an earlier group: openCgroup(path).remove()',
  });
}

function removeQuietly(directory: string): void {
  try {
    removeDirectory(directory);
  } catch {
    // The first error is the one to hear of.
  }
}

/** A new cpuset of version 1 has no processor and no node, and nobody can join it. */
function fillCpusets(fresh: readonly string[], { cpuset }: Resources): void {
  for (const directory of fresh) {
    const above = directory.slice(0, directory.lastIndexOf('/'));
    const isLast = directory === fresh.at(-1);
    for (const what of ['cpus', 'mems'] as const) {
      if (isLast && cpuset?.[what] !== undefined) continue;
      const value = readControl(`${above}/cpuset.${what}`).trim();
      if (value !== '') writeControl(`${directory}/cpuset.${what}`, value);
    }
  }
}

function enable(unified: CgroupHierarchy, parent: string, path: string, plan: Plan): void {
  const needed = plan.writes.flatMap(({ controller }) =>
    unified.controllers.includes(controller) ? [controller] : [],
  );
  enableControllers({
    directory: directoryIn(unified, path),
    above: [parent, ...stepsBelow(parent, path).slice(0, -1)].map((step) => directoryIn(unified, step)),
    available: unified.controllers,
    needed: new Set(needed),
  });
}
