import * as v from 'valibot';

import { resourcesSchema } from './resources.js';
import {
  absolutePath,
  flag,
  id,
  integer,
  list,
  object,
  oneOf,
  optional,
  record,
  someText,
  text,
  u32,
} from './values.js';

/** The specification's names of namespaces. */
export const NAMESPACE_TYPES = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const;

/** `uidMappings` and `gidMappings`, of a container and of a mount. */
export const idMappings = list(object({ containerID: id, hostID: id, size: u32 }));
/** Ids as they are mapped in a configuration. */
export type OciIdMappings = v.InferOutput<typeof idMappings>;

const offset = object({
  secs: optional(integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
  nanosecs: optional(integer(0, 999_999_999)),
});

const device = object({
  type: oneOf(['c', 'b', 'u', 'p']),
  path: absolutePath,
  major: optional(integer(0, 0xfff)),
  minor: optional(integer(0, 0xf_ffff)),
  fileMode: optional(u32),
  uid: optional(id),
  gid: optional(id),
});

/** Names of mount propagation. */
export const PROPAGATIONS = [
  'private',
  'rprivate',
  'slave',
  'rslave',
  'shared',
  'rshared',
  'unbindable',
  'runbindable',
] as const;

/** Modes of set_mempolicy(2). */
export const MEMORY_POLICY_MODES = [
  'MPOL_DEFAULT',
  'MPOL_PREFERRED',
  'MPOL_BIND',
  'MPOL_INTERLEAVE',
  'MPOL_LOCAL',
  'MPOL_PREFERRED_MANY',
  'MPOL_WEIGHTED_INTERLEAVE',
] as const;

/** Flags of set_mempolicy(2). */
export const MEMORY_POLICY_FLAGS = [
  'MPOL_F_STATIC_NODES',
  'MPOL_F_RELATIVE_NODES',
  'MPOL_F_NUMA_BALANCING',
] as const;

/** `linux` of a configuration: config-linux.md. `seccomp` has a check of its own. */
export const linuxSchema = object({
  namespaces: optional(list(object({ type: oneOf(NAMESPACE_TYPES), path: optional(text) }))),
  uidMappings: optional(idMappings),
  gidMappings: optional(idMappings),
  timeOffsets: optional(record(offset)),
  devices: optional(list(device)),
  netDevices: optional(record(object({ name: optional(text) }))),
  cgroupsPath: optional(text),
  resources: optional(resourcesSchema),
  sysctl: optional(record(text)),
  seccomp: optional(v.unknown()),
  rootfsPropagation: optional(oneOf(['', ...PROPAGATIONS])),
  maskedPaths: optional(list(absolutePath)),
  readonlyPaths: optional(list(absolutePath)),
  mountLabel: optional(text),
  personality: optional(object({ domain: oneOf(['LINUX', 'LINUX32']), flags: optional(list(text)) })),
  intelRdt: optional(
    object({
      closID: optional(text),
      schemata: optional(list(text)),
      l3CacheSchema: optional(text),
      memBwSchema: optional(text),
      enableMonitoring: optional(flag),
      enableCMT: optional(flag),
      enableMBM: optional(flag),
    }),
  ),
  memoryPolicy: optional(
    object({
      mode: oneOf(MEMORY_POLICY_MODES),
      nodes: optional(text),
      flags: optional(list(oneOf(MEMORY_POLICY_FLAGS))),
    }),
  ),
});

/** The part of a configuration that is Linux' own. */
export type OciLinux = v.InferOutput<typeof linuxSchema>;

/** An entry of `mounts`: config.md, "Mounts". */
export const mountSchema = object({
  destination: someText,
  type: optional(text),
  source: optional(text),
  options: optional(list(text)),
  uidMappings: optional(idMappings),
  gidMappings: optional(idMappings),
});

/** A mount as it stands in a configuration. */
export type OciMountEntry = v.InferOutput<typeof mountSchema>;
