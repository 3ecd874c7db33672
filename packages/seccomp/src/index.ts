/**
 * OCI and Docker seccomp profiles compiled to BPF, and the steps that load them.
 *
 * @packageDocumentation
 */
export { describeReturn } from './action.js';
export { compileFilter, type Filter } from './compile.js';
export { DOCKER_DEFAULT_PROFILE } from './default-profile.js';
export { evaluateFilter, type SyscallData, type Verdict } from './evaluate.js';
export { filterFor } from './filter-for.js';
export { hostContext } from './host.js';
export {
  answerNotification,
  isNotificationValid,
  receiveNotification,
  sendListener,
  type Answer,
  type ContainerState,
  type Notification,
} from './listener.js';
export { loadSteps, type LoadOptions } from './load.js';
export { parseProfile } from './parse.js';
export { ACTIONS, ARCHITECTURES, FLAGS, OPERATORS } from './profile.js';
export type {
  Action,
  ArchitectureMap,
  ArchitectureName,
  Argument,
  DockerProfile,
  DockerRule,
  Flag,
  Operator,
  Rule,
  RuleFilter,
  SeccompProfile,
} from './profile.js';
export { resolveProfile, type Context } from './resolve.js';
export { parseSecurityOption, type SecurityOption } from './security-option.js';
export { syscallNumbers, type Abi, type Architecture } from './tables/index.js';
export { checkDockerProfile, checkProfile } from './validate.js';
