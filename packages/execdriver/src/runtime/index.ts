/**
 * The parts of the native driver's programs, for an OCI runtime: it puts them in an order of its own, leaves no monitor,
 * and has its caller become the parent of the container's first process.
 *
 * @packageDocumentation
 */
export { cgroupForExec, joinCgroup, joining, type Joining } from '../native/cgroup.js';
export { LAST_DESCRIPTOR } from '../native/descriptors.js';
export {
  execute,
  findCommand,
  keepOnlyStandardStreams,
  nameProcess,
  newKeyring,
  noNewPrivileges,
  setDumpable,
  setOomScoreAdj,
  setRlimits,
  setUmask,
} from '../native/process.js';
export { profileSteps, type ProfileSteps } from '../native/profile.js';
export { withDefaults } from '../native/rlimits.js';
export { startError } from '../native/start-error.js';
export { BORROW_MEMORY, cloneArguments } from '../native/supervise.js';
export { readUserFiles } from '../native/user-files.js';
export { resolveUser, withHome, type User } from '../native/user.js';
