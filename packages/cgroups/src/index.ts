/**
 * Linux control groups: version 1, hybrid and version 2 behind one interface.
 *
 * @packageDocumentation
 */
export { blockDevice } from './block-device.js';
export type { Cgroup, Patience } from './cgroup.js';
export { blkioWeightToIoWeight, sharesToWeight, weightToShares } from './convert.js';
export { createCgroup, type CreateOptions } from './create.js';
export type { Owner } from './delegate.js';
export { loadDeviceProgram } from './device-filter.js';
export {
  ALL_DEVICES,
  deviceState,
  DOCKER_DEFAULT_DEVICES,
  parseDeviceRule,
  type DeviceException,
  type DeviceRule,
  type DeviceState,
} from './devices.js';
export { withDockerDefaults } from './docker.js';
export { assembleDeviceProgram } from './ebpf.js';
export type { CgroupEvents, CgroupWatcher } from './events.js';
export { openCgroup } from './host-cgroup.js';
export { joinSteps, type JoinEntry, type JoinHandle, type JoinOptions } from './join.js';
export { detect, hierarchyOf, parseLayout, type CgroupHierarchy, type CgroupLayout } from './layout.js';
export { fromOciResources, type OciResources } from './oci.js';
export { planResources, type ControlWrite, type CurrentLimits, type Plan, type PlanOptions } from './plan.js';
export type * from './resources.js';
export * from './stats/index.js';
export { validateResources } from './validate.js';
