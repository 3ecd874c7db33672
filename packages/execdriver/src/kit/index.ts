/**
 * For authors of drivers over a program of the host: what such a driver has to say, and everything else.
 *
 * @packageDocumentation
 */
export {
  becomeContainer,
  checkBecoming,
  refuseSharedMounts,
  ownRouteSocket,
  type BecomeOptions,
} from './become.js';
export type * from './command.js';
export { consoleSocket, type ConsoleSocket } from './console.js';
export { commandDriver } from './driver.js';
export { hideFile } from './command-program.js';
export { endedEarly } from './ended-early.js';
export { innerProgram, type InnerFacts } from './inner-program.js';
export { innerDirectory, innerStarted, writeInner, type Inner, type InnerOptions } from './inner.js';
export { PASSED_DESCRIPTORS, passInner, type PassedInner, type PassedInnerOptions } from './passed-inner.js';
export { withDefaults as withDefaultRlimits } from '../native/rlimits.js';
export { cgroupPathOf } from '../native/cgroup-path.js';
export { createContainerCgroup } from '../native/cgroup.js';
