import type { ContainerSpec } from '@ns/execdriver';
import { MASKED_PATHS, READONLY_PATHS, type NamespaceSources, type PlannedMount } from '@ns/namespaces';
import { DOCKER_DEFAULT_PROFILE, resolveProfile, type Context, type SeccompProfile } from '@ns/seccomp';

import { defaultMounts, userMounts } from './mounts.js';
import { ociIdMap, ociNamespaces, ociTimeOffsets } from './namespaces.js';
import { boundingSet, ociProcess, type ProcessFacts } from './process.js';
import type { ociResources } from './resources.js';
import { OCI_VERSION, type OciConfig } from './types.js';

/** What is found out about the machine and the root before a bundle is written. */
export interface BundleFacts extends ProcessFacts {
  /** Where the runtime finds the root. */
  readonly rootPath: string;
  readonly sources: NamespaceSources;
  /** Checked. */
  readonly mounts: readonly PlannedMount[];
  /** Of the container's cgroup, below the mount points of the hierarchies. */
  readonly cgroupPath: string;
  /** The machine has cgroups of version 2 alone. */
  readonly isUnified: boolean;
  readonly resources: ReturnType<typeof ociResources>['oci'];
  /** Of the machine, for the conditions of Docker's seccomp profile. */
  readonly machine: Omit<Context, 'capabilities'>;
}

/** `config.json` of a bundle. Pure: the same container is always described the same. */
export function ociConfig(spec: ContainerSpec, facts: BundleFacts): OciConfig {
  const { process } = spec;
  const own = defaultMounts(spec, facts.sources, facts.isUnified).filter(
    // Runtimes look for their descriptors in /proc, and make device nodes in /dev: a container without these mounts unmounts
    // them before its program runs.
    ({ destination }) => spec.defaultMounts !== false || destination === '/proc' || destination === '/dev',
  );
  const sysctl = { ...spec.sysctls, ...domainname(spec) };
  const filter = ociSeccomp(process, facts.machine);
  return {
    ociVersion: OCI_VERSION,
    process: ociProcess(process, facts),
    root: { path: facts.rootPath, readonly: isReadonly(spec) },
    ...(spec.hostname === undefined ? {} : { hostname: spec.hostname }),
    mounts: [...own, ...userMounts(facts.mounts)],
    linux: {
      namespaces: ociNamespaces(facts.sources),
      ...(spec.uidMap === undefined ? {} : { uidMappings: ociIdMap(spec.uidMap) }),
      ...(spec.gidMap === undefined ? {} : { gidMappings: ociIdMap(spec.gidMap) }),
      ...(spec.timeOffsets === undefined ? {} : { timeOffsets: ociTimeOffsets(spec.timeOffsets) }),
      cgroupsPath: facts.cgroupPath,
      resources: facts.resources,
      sysctl,
      ...(filter === undefined ? {} : { seccomp: filter }),
      maskedPaths: spec.maskedPaths ?? MASKED_PATHS,
      readonlyPaths: spec.readonlyPaths ?? READONLY_PATHS,
    },
  };
}

/** Runtimes make a root that is not said to be read-only writable, whatever is mounted there: also a layer of an overlay. */
const isReadonly = ({ root, readonlyRoot = false }: ContainerSpec): boolean =>
  readonlyRoot ||
  (root.kind === 'overlay' && root.upper === undefined && (root.tmpfsUpper ?? false) === false);

/** The specification has a member for it only since 1.1; this is what Docker writes for older runtimes. */
const domainname = ({ domainname: name }: ContainerSpec): Readonly<Record<string, string>> =>
  name === undefined ? {} : { 'kernel.domainname': name };

/** `linux.seccomp`: a profile in Docker's form, its conditions resolved; undefined for none. */
export function ociSeccomp(
  process: ContainerSpec['process'],
  machine: BundleFacts['machine'],
): SeccompProfile | undefined {
  const { seccomp = DOCKER_DEFAULT_PROFILE } = process;
  if (seccomp === 'unconfined') return undefined;
  return resolveProfile(seccomp, { ...machine, capabilities: boundingSet(process) });
}
