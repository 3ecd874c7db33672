/**
 * Linux namespaces, id maps, mounts, root file systems and terminals.
 *
 * Two kinds of functions: fragments are pure and return steps of a syscall program; the others look at the host, or
 * prepare descriptors on it.
 *
 * @packageDocumentation
 */
export type * from './spec.js';

export {
  DEFAULT_NAMESPACES,
  NAMESPACE_FLAGS,
  NAMESPACE_KINDS,
  flagsOf,
  isNew,
  planNamespaces,
  type NamespaceJoin,
  type NamespacePlan,
  type NamespaceRequest,
  type NamespaceSources,
} from './set.js';
export { checkJoins, differingNamespaces, joinNamespaces } from './join.js';
export {
  awaitIdMaps,
  becomeRoot,
  checkIdMap,
  idMapText,
  requestIdMaps,
  writeIdMaps,
  type WriteIdMaps,
} from './id-map.js';
export {
  isOwnIdOnly,
  readSubordinateMaps,
  runNewIdMap,
  subordinateIds,
  subordinateMap,
  type IdRange,
} from './subordinate-ids.js';
export { newTimeNamespace } from './time.js';

export { receiveFd, sendByte, sendFd } from './fd-passing.js';
export { containerPath } from './container-path.js';
export { openBelow, openTarget, type Below, type Target } from './target.js';
export { attach, copyTree } from './mount-attach.js';

export { mapId } from './id-mapped.js';
export {
  prepareRoot,
  type ChildRoot,
  type PreparedRoot,
  type RootOptions,
  type TmpfsUpper,
} from './rootfs.js';
export { attachRoot, pivotRoot, readonlyRoot, type AttachedRoot } from './root-attach.js';
export {
  DEFAULT_SHM_SIZE_BYTES,
  defaultMounts,
  openProc,
  type DefaultMounts,
  type DefaultMountsOptions,
} from './default-mounts.js';
export { hostNullDevice, type Dev } from './dev.js';
export { openPeerShm } from './peer-shm.js';
export {
  parseCgroupLayout,
  readCgroupLayout,
  type CgroupHierarchy,
  type CgroupLayout,
} from './cgroup-layout.js';
export { MASKED_PATHS, READONLY_PATHS, maskPaths, readonlyPaths, type Places } from './masks.js';
export {
  planMounts,
  type BindSpec,
  type LookAtSource,
  type PlannedMount,
  type TmpfsSpec,
} from './mount-plan.js';
export { userMounts, type UserMounts } from './user-mounts.js';

export {
  configMounts,
  type AttributeChange,
  type ConfigMount,
  type ConfigMounts,
  type ConfigMountsOptions,
} from './config-mounts.js';
export { linkDevices, makeDevices, type DeviceNodeSpec } from './device-nodes.js';

export { checkHostname, setNames } from './hostname.js';
export { checkSysctls, sysctlPath, writeSysctls } from './sysctl.js';
export { WORKDIR_TAG, enterWorkdir, makeWorkdir } from './workdir.js';
export { loopbackUp } from './loopback.js';
export {
  bindConsole,
  checkWindowSize,
  openContainerPts,
  openTerminal,
  receiveTerminal,
  useTerminal,
  type TerminalOptions,
} from './terminal.js';
