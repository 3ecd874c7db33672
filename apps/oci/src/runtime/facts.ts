import type { Rlimit } from '@ns/execdriver';
import type { Joining } from '@ns/execdriver/runtime';
import type { ChildRoot, CgroupLayout, ConfigMount, NamespacePlan } from '@ns/namespaces';
import type { Filter } from '@ns/seccomp';

import type { ContainerPlan, Hook } from '../plan.js';
import type { CapabilityMasks } from './confine.js';
import type { Descriptors } from './descriptors.js';

/** What a process of a container is, beside its plan. */
export interface ProcessFacts {
  readonly env: readonly string[];
  readonly rlimits: readonly Rlimit[];
  readonly capabilities: CapabilityMasks;
  readonly highestCapability: number;
  readonly filter: Filter | undefined;
  readonly joining: Joining | undefined;
  readonly fds: Descriptors;
  /** A terminal is made. Where its master goes: the console socket, or the creator. */
  readonly terminal: boolean;
  /** How many descriptors beside the streams the program gets. */
  readonly preserved: number;
  readonly newKeyring: boolean;
}

/** What is found out about the host and the bundle before a container is created. */
export interface CreateFacts extends ProcessFacts {
  readonly namespaces: NamespacePlan;
  /** Whether this process has root's rights over the host's mounts. */
  readonly privileged: boolean;
  readonly canSetgroups: boolean;
  /** The root's descriptor as the program has it, or what the container's first process binds itself. */
  readonly root: number | ChildRoot;
  /** The root's path on the host, without links. */
  readonly rootPath: string;
  /** Whether a bind's source is a directory. */
  readonly kindOf: (mount: ConfigMount) => 'directory' | 'file';
  readonly cgroups: { readonly layout: CgroupLayout; readonly fresh: boolean } | undefined;
  /** Mounts that the creator has made, by their descriptors in the program. */
  readonly made: ReadonlyMap<ConfigMount, number>;
  readonly noPivot: boolean;
}

/** Hooks in the runtime's namespaces before the root is changed. */
export const runtimeHooks = ({ hooks }: ContainerPlan): readonly Hook[] => [
  ...hooks.prestart,
  ...hooks.createRuntime,
];

/** Whether the container's first process waits for its creator to do something in between. */
export const waitsForCreator = (plan: ContainerPlan): boolean =>
  runtimeHooks(plan).length > 0 ||
  plan.hooks.createContainer.length > 0 ||
  plan.hooks.startContainer.length > 0 ||
  Object.keys(plan.netDevices).length > 0;
