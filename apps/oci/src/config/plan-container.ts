import type { ContainerSpec } from '@ns/execdriver';
import type { NamespaceSources } from '@ns/namespaces';

import type { ContainerPlan } from '../plan.js';
import { planCgroup } from './cgroup.js';
import { planDevices } from './devices.js';
import { planHooks } from './hooks.js';
import { rootMapping } from './id-maps.js';
import { invalid } from './invalid.js';
import {
  planMemoryPolicy,
  planNames,
  planNetDevices,
  planPersonality,
  planSysctls,
  refuseIntelRdt,
} from './linux.js';
import { planMounts } from './mounts.js';
import { planSources, planTimeOffsets } from './namespaces.js';
import { planProcess } from './process.js';
import { planResources } from './resources.js';
import type { OciConfig } from './schema/config.js';
import type { OciLinux } from './schema/linux.js';
import { planSeccomp } from './seccomp.js';

/** What a configuration does not say. */
export interface PlanOptions {
  readonly id: string;
  /** Absolute, without symbolic links. */
  readonly bundle: string;
  /** The directory that `root.path` names: see `findRoot`. */
  readonly root: string;
  readonly systemdCgroup: boolean;
  /** Cgroups and devices that cannot be had are done without. */
  readonly rootless: boolean;
  /** Told of what is ignored. */
  readonly warn: (message: string) => void;
}

/**
 * Translate a configuration.
 *
 * @remarks
 * Pure: nothing of the host is looked at. What depends on the host is for `checkHost`.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_UNSUPPORTED`; both name the field.
 */
export function planContainer(config: OciConfig, options: PlanOptions): ContainerPlan {
  const { id, bundle, warn } = options;
  checkVersion(config.ociVersion);
  const { linux = {} } = config;
  refuseIntelRdt(linux.intelRdt);
  const sources = planSources(linux.namespaces ?? []);
  const process =
    config.process && planProcess(config.process, { seccomp: planSeccomp(linux.seccomp), warn });
  const cgroup = planCgroup(linux.cgroupsPath ?? '', options.systemdCgroup, id);
  const timeOffsets = planTimeOffsets(linux.timeOffsets ?? {}, sources);
  const spec: ContainerSpec = {
    id,
    root: { kind: 'directory', path: options.root },
    readonlyRoot: config.root.readonly ?? false,
    process: process?.spec ?? { args: [], env: [] },
    namespaces: sources,
    ...idMaps(linux, sources, warn),
    ...(timeOffsets && { timeOffsets }),
    ...planNames(config, sources),
    mounts: [],
    defaultMounts: false,
    maskedPaths: linux.maskedPaths ?? [],
    readonlyPaths: linux.readonlyPaths ?? [],
    sysctls: planSysctls(linux.sysctl ?? {}, sources),
    resources: planResources(linux.resources ?? {}, !options.rootless),
    ...(cgroup?.kind === 'path' && { cgroup: cgroup.path }),
  };
  return {
    spec,
    bundle,
    process,
    hooks: planHooks(config.hooks ?? {}),
    mounts: checkIdMapped(planMounts(config.mounts ?? [], bundle), sources),
    devices: planDevices(linux.devices ?? []),
    rootfsPropagation: linux.rootfsPropagation || undefined,
    personality: planPersonality(linux.personality, warn),
    netDevices: planNetDevices(linux.netDevices ?? {}, sources),
    mountLabel: linux.mountLabel || undefined,
    memoryPolicy: planMemoryPolicy(linux.memoryPolicy),
    cgroup,
    annotations: config.annotations ?? {},
    ociVersion: config.ociVersion,
  };
}

/** Any 1.x: the specification is compatible within a major version, and what it adds is ignored when not known. */
function checkVersion(version: string): void {
  const major = /^(\d{1,4})\.\d{1,4}\.\d{1,4}([-+][\w.+-]*)?$/.exec(version)?.[1];
  if (major === undefined)
    throw invalid('ociVersion', `${JSON.stringify(version)} is no version`, 'for example 1.2.0');
  if (major !== '1')
    throw invalid('ociVersion', `${version} is not understood`, 'versions 1.x of the specification are');
}

function idMaps(
  linux: OciLinux,
  sources: NamespaceSources,
  warn: (message: string) => void,
): Pick<ContainerSpec, 'uidMap' | 'gidMap'> {
  const { uidMappings = [], gidMappings = [] } = linux;
  const given = uidMappings.length > 0 ? 'uidMappings' : gidMappings.length > 0 ? 'gidMappings' : undefined;
  if (sources.user === 'host') {
    if (given === undefined) return {};
    throw invalid(
      `linux.${given}`,
      'there is no user namespace',
      'add { "type": "user" } to linux.namespaces',
    );
  }
  if (sources.user !== 'new') {
    // containerd and CRI-O write both. The namespace has a map already, which counts.
    if (given !== undefined)
      warn(`linux.${given}: the user namespace that is joined has its own map; ignored`);
    return {};
  }
  return {
    uidMap: rootMapping('uid', uidMappings, 'linux.uidMappings'),
    gidMap: rootMapping('gid', gidMappings, 'linux.gidMappings'),
  };
}

/** An id map that is to be the container's needs a container with one. */
function checkIdMapped(mounts: ContainerPlan['mounts'], sources: NamespaceSources): ContainerPlan['mounts'] {
  const wrong = mounts.find(({ idMap }) => idMap?.uids.length === 0);
  if (wrong !== undefined && sources.user === 'host') {
    throw invalid(
      `${wrong.field}.options`,
      'idmap without a map, in a container without a user namespace',
      'give uidMappings and gidMappings',
    );
  }
  return mounts;
}
