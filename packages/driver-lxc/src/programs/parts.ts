import {
  defaultMounts,
  hostNullDevice,
  MASKED_PATHS,
  openProc,
  planMounts,
  planNamespaces,
  readCgroupLayout,
  READONLY_PATHS,
  userMounts,
  type CgroupLayout,
  type LookAtSource,
  type NamespaceSources,
  type UserMounts,
} from '@ns/namespaces';
import type { ContainerSpec, MountSpec, NamespaceSource } from '@ns/execdriver';
import { call, CLONE, slot, type Slot, type Step } from '@ns/syscall';

import { DESCRIPTOR } from '../descriptors.js';
import { sharedSlots } from './shared-slots.js';

/** Where the inner program and its fifo are in the container until it begins. */
export const INNER = '/dev/.ns';

/** What the programs around a start have in common: some of its steps are done by one, the rest by another. */
export interface Parts {
  readonly spec: ContainerSpec;
  readonly sources: NamespaceSources;
  /** The container's root, as the program of `lxc.hook.mount` has it. */
  readonly rootFd: Slot;
  /** The mounts of the spec, and last the directory of the inner program. */
  readonly mounts: UserMounts;
  /** What the launcher opens for the hook, in the order of their descriptors. */
  readonly passed: readonly Slot[];
  /** The process whose /dev/shm is shared. */
  readonly peer: number | undefined;
  readonly cgroups: CgroupLayout | undefined;
}

/**
 * @param innerDirectory - Of the host.
 * @throws NsError `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_NOT_FOUND` for mounts that cannot be.
 */
export function planParts(
  spec: ContainerSpec,
  innerDirectory: string,
  look?: LookAtSource,
  cgroups: CgroupLayout | undefined = readCgroupLayout(),
): Parts {
  const inner: MountSpec = { type: 'bind', source: innerDirectory, target: INNER, readonly: true };
  const rootFd = slot('root');
  const mounts = userMounts({ mounts: planMounts([...(spec.mounts ?? []), inner], look), rootFd });
  const { sources } = planNamespaces(spec);
  const { ipc } = sources;
  return {
    spec,
    sources,
    rootFd,
    mounts,
    passed: sharedSlots(mounts.host, mounts.init),
    peer: typeof ipc === 'object' && 'pid' in ipc ? ipc.pid : undefined,
    cgroups: spec.defaultMounts === false ? undefined : cgroups,
  };
}

/** The default mounts, or what takes their place without them, and by what masks find their paths. */
export interface OwnMounts {
  readonly steps: readonly Step[];
  readonly proc: Slot;
  readonly nullDevice: Slot;
  /** These are absent without the default mounts: /proc and /sys are directories of the image like others. */
  readonly sys?: Slot;
  readonly dev?: Slot;
}

/** Whether the container's terminal is in its own devpts. */
export const hasOwnTerminal = (spec: ContainerSpec): boolean =>
  spec.process.terminal !== undefined && spec.defaultMounts !== false;

/** @param peerShm - `/dev/shm` of {@link Parts.peer}. */
export function ownMounts({ spec, sources, rootFd, cgroups }: Parts, peerShm: Slot | undefined): OwnMounts {
  if (spec.defaultMounts !== false) {
    const devpts = hasOwnTerminal(spec) ? DESCRIPTOR.devpts : undefined;
    return defaultMounts({ ...spec, rootFd, sources, cgroups, peerShm, devpts });
  }
  const proc = slot('proc');
  const nullDevice = slot('null');
  const steps = [
    ...(Object.keys(spec.sysctls ?? {}).length === 0 ? [] : openProc({ into: proc })),
    ...(maskedPathsOf(spec).length === 0 ? [] : hostNullDevice({ into: nullDevice })),
  ];
  return { steps, proc, nullDevice };
}

/** Enter the cgroup namespace that is shared. */
export const enterCgroupNamespace = (cgroup: NamespaceSource | undefined): Step[] =>
  typeof cgroup === 'object'
    ? [
        call('setns', [DESCRIPTOR.cgroupNamespace, CLONE.CLONE_NEWCGROUP], {
          what: 'enter the cgroup namespace that is shared',
        }),
      ]
    : [];

/** Docker's, unless the spec has others. */
export const maskedPathsOf = ({ maskedPaths = MASKED_PATHS }: ContainerSpec): readonly string[] =>
  maskedPaths;
export const readonlyPathsOf = ({ readonlyPaths = READONLY_PATHS }: ContainerSpec): readonly string[] =>
  readonlyPaths;
