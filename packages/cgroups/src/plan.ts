import type { NsError } from '@ns/errors';

import { unsupported } from './errors.js';
import { hierarchyOf, type CgroupHierarchy, type CgroupLayout } from './layout.js';
import type { Limit, Resources } from './resources.js';
import * as v1 from './v1/index.js';
import * as v2 from './v2/index.js';

/** A value for a control file. */
export interface ControlWrite {
  /** Whose hierarchy the file is in; `unified` for the version 2 hierarchy as such. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** What is written where the kernel does not have `file`: nothing for an empty list. Without it, that is an error. */
  readonly otherwise?: readonly ControlWrite[];
}

/** What the limits of a cgroup that exists are, where that decides how others are set. */
export interface CurrentLimits {
  readonly limitBytes?: Limit;
  /** Version 1: memory and swap. */
  readonly memorySwapBytes?: Limit;
  /** Version 1: the text of `devices.list`. */
  readonly deviceList?: string;
  readonly quotaUs?: Limit;
}

/** What is written, in this order; then the program is attached. */
export interface Plan {
  readonly writes: readonly ControlWrite[];
  /** An eBPF program that decides on devices: version 2 only. */
  readonly deviceProgram?: Uint8Array;
}

/** What a {@link Planner} has to go by. */
export interface Planning {
  /** Absent for a new cgroup. */
  readonly current: CurrentLimits | undefined;
  /** Throws, or notes it and returns: then the limit is left out. */
  readonly refuse: (error: NsError) => void;
}

/** The limits of a controller as writes. */
export type Planner = (resources: Resources, planning: Planning) => readonly ControlWrite[];

/** What {@link planResources} has to go by. */
export interface PlanOptions {
  /** What an existing cgroup has; absent for a new one. */
  readonly current?: CurrentLimits | undefined;
  /** Called for each limit that this layout does not have, which is left out. Default: it is thrown. */
  readonly onUnsupported?: ((error: NsError) => void) | undefined;
}

const refuse = (error: NsError): never => {
  throw error;
};

const CONTROLLERS: readonly {
  readonly resource: keyof Resources;
  readonly v1?: { readonly controller: string; readonly plan: Planner };
  readonly v2?: { readonly controller: string; readonly plan: Planner };
}[] = [
  {
    resource: 'cpuset',
    v1: { controller: 'cpuset', plan: v1.cpuset },
    v2: { controller: 'cpuset', plan: v2.cpuset },
  },
  { resource: 'cpu', v1: { controller: 'cpu', plan: v1.cpu }, v2: { controller: 'cpu', plan: v2.cpu } },
  {
    resource: 'memory',
    v1: { controller: 'memory', plan: v1.memory },
    v2: { controller: 'memory', plan: v2.memory },
  },
  { resource: 'pids', v1: { controller: 'pids', plan: v1.pids }, v2: { controller: 'pids', plan: v2.pids } },
  { resource: 'io', v1: { controller: 'blkio', plan: v1.blkio }, v2: { controller: 'io', plan: v2.io } },
  {
    resource: 'hugetlb',
    v1: { controller: 'hugetlb', plan: v1.hugetlb },
    v2: { controller: 'hugetlb', plan: v2.hugetlb },
  },
  { resource: 'devices', v1: { controller: 'devices', plan: v1.devices } },
];

/**
 * What has to be written to give a cgroup these resources: pure.
 *
 * @throws NsError `ERR_NS_UNSUPPORTED` when the layout has no controller for something, or the controller no such limit.
 */
export function planResources(
  resources: Resources,
  layout: CgroupLayout,
  { current, onUnsupported = refuse }: PlanOptions = {},
): Plan {
  const planning = { current, refuse: onUnsupported };
  const writes: ControlWrite[] = [];
  let deviceProgram: Uint8Array | undefined;
  for (const { resource, v1: old, v2: unified } of CONTROLLERS) {
    const given = resources[resource];
    if (given === undefined || Object.keys(given).length === 0) continue;
    const oldHierarchy = old && on(layout, old.controller, 1);
    if (old !== undefined && oldHierarchy !== undefined) writes.push(...old.plan(resources, planning));
    else if (resource === 'devices' && layout.unified !== undefined) {
      deviceProgram = v2.devices(resources);
    } else if (unified !== undefined && on(layout, unified.controller, 2) !== undefined) {
      writes.push(...unified.plan(resources, planning));
    } else onUnsupported(noController(resource));
  }
  const extra = Object.entries(resources.unified ?? {});
  if (extra.length > 0 && layout.unified === undefined) {
    onUnsupported(unsupported(`${extra[0]?.[0]} is a file of version 2, which is not mounted`));
  } else for (const [file, value] of extra) writes.push({ controller: 'unified', file, value });
  return { writes, ...(deviceProgram === undefined ? {} : { deviceProgram }) };
}

const on = (layout: CgroupLayout, controller: string, version: 1 | 2): CgroupHierarchy | undefined => {
  const found = hierarchyOf(layout, controller);
  return found?.version === version ? found : undefined;
};

const noController = (resource: string): NsError =>
  unsupported(`there is no controller for ${resource} on this machine`, {
    hint: 'see /proc/cgroups for what the kernel has, and /proc/self/mountinfo for what is mounted',
  });
