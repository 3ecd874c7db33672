/**
 * Linux capability sets: names, Docker's rules, text, file capabilities, and the steps that limit a process
 * for good.
 *
 * @packageDocumentation
 */
export {
  decodeFileCapabilities,
  encodeFileCapabilities,
  formatFileCapabilities,
  readFileCapabilities,
  removeFileCapabilities,
  writeFileCapabilities,
  type FileCapabilities,
} from './file.js';
export {
  availableCapabilities,
  capabilitiesOf,
  highestCapability,
  kernelCapabilities,
  threadCapabilities,
  type KernelCapability,
} from './host.js';
export { capabilityMask, capabilityNames, parseStatus, type CapabilitySets } from './mask.js';
export {
  allowList,
  CAPABILITIES,
  DOCKER_DEFAULT,
  parseCapability,
  type Capability,
  type CapabilityChanges,
} from './names.js';
export {
  NO_ROOT_PRIVILEGE,
  securebits,
  SECUREBITS,
  securebitsMask,
  securebitsNames,
  setSecurebits,
  type Securebit,
} from './securebits.js';
export {
  keepCapabilities,
  limitBounding,
  limitProcess,
  raiseAmbient,
  setCapabilities,
  type NewCapabilities,
  type ProcessLimits,
} from './steps.js';
export {
  formatCapabilityText,
  parseCapabilityText,
  type CapabilityState,
  type CapabilityTextOptions,
} from './text.js';
