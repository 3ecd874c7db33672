import { allowList, capabilityMask, parseCapability } from '@ns/caps';
import { NsError } from '@ns/errors';
import {
  checkSysctls,
  isOwnIdOnly,
  MASKED_PATHS,
  planMounts,
  planNamespaces,
  READONLY_PATHS,
  type CgroupLayout,
  type ChildRoot,
  type NamespacePlan,
  type PlannedMount,
} from '@ns/namespaces';

import { planNetwork } from '@ns/netfw';
import type { Filter } from '@ns/seccomp';

import type { ContainerSpec, Rlimit } from '../contract.js';
import type { Joining } from './cgroup.js';
import type { Identity } from './process.js';

/** What the spec alone says: checked, defaults filled in. Pure. */
export interface StartPlan {
  readonly spec: ContainerSpec;
  readonly namespaces: NamespacePlan;
  /** The bounding set, and root's permitted set. */
  readonly capabilities: bigint;
  readonly cwd: string;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** Who writes the id maps: nobody without a new user namespace, the monitor if it may, else newuidmap. */
  readonly mounts: readonly PlannedMount[];
  /** Whether this process has root's rights over the host. */
  readonly privileged: boolean;
  readonly mapsBy: 'nobody' | 'monitor' | 'creator';
  /** Nobody in the container can change groups: the price of mapping one's own id without privilege. */
  readonly deniesSetgroups: boolean;
}

/** What is found out about the host and the root before a start. */
export interface StartFacts {
  readonly identity: Identity;
  readonly env: readonly string[];
  readonly rlimits: readonly Rlimit[];
  readonly highestCapability: number;
  readonly filter: Filter | undefined;
  /** Undefined: the container stays in the cgroup of whoever starts it. */
  readonly joining: Joining | undefined;
  /** The root's descriptor as the program has it, or what the container's first process mounts itself. */
  readonly root: number | ChildRoot;
  /** A directory of the host on which the root is attached, in the container's mount namespace. */
  readonly mountPoint: string;
  readonly cgroups: CgroupLayout | undefined;
}

/**
 * Check a spec and fill in its defaults.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for what cannot be.
 */
export function planStart(spec: ContainerSpec, privileged: boolean): StartPlan {
  const deferred = privileged ? (['cgroup'] as const) : [];
  const namespaces = planNamespaces({ ...spec, privileged, deferred });
  checkSysctls(spec.sysctls ?? {}, namespaces.sources);
  const { process } = spec;
  if (process.terminal !== undefined && spec.defaultMounts === false) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'process.terminal',
      message: 'a terminal without the default mounts, one of which it is made in (/dev/pts)',
      hint: 'leave defaultMounts out, or the terminal (-t)',
    });
  }
  checkNetwork(spec, namespaces, privileged);
  const allowed = process.capabilities?.map(parseCapability) ?? allowList({});
  return {
    spec,
    namespaces,
    capabilities: capabilityMask(allowed),
    cwd: process.cwd ?? '/',
    maskedPaths: spec.maskedPaths ?? MASKED_PATHS,
    readonlyPaths: spec.readonlyPaths ?? READONLY_PATHS,
    mounts: planMounts(spec.mounts ?? []),
    privileged,
    mapsBy: mapWriter(spec, namespaces, privileged),
    deniesSetgroups: !privileged && ownIdOnly(spec),
  };
}

const ownIdOnly = ({ uidMap = [], gidMap = [] }: ContainerSpec): boolean => isOwnIdOnly({ uidMap, gidMap });

function mapWriter(
  spec: ContainerSpec,
  { sources }: NamespacePlan,
  privileged: boolean,
): StartPlan['mapsBy'] {
  if (sources.user !== 'new') return 'nobody';
  return privileged || ownIdOnly(spec) ? 'monitor' : 'creator';
}

function checkNetwork({ network }: ContainerSpec, { sources }: NamespacePlan, privileged: boolean): void {
  if (network === undefined) return;
  if (sources.net !== 'new') {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'network',
      message: 'interfaces for a container that shares a net namespace',
      hint: 'leave network out, or give the container a net namespace of its own',
    });
  }
  if (!privileged) {
    throw new NsError('ERR_NS_UNSUPPORTED', {
      operation: 'network',
      message: 'making interfaces on the host needs the rights of root',
      hint: 'run as root, or leave network out',
    });
  }
  // A plan says what cannot be.
  planNetwork(network, { pid: 0 });
}
