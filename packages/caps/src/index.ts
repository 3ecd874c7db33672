/**
 * Linux capability sets: names, Docker's default, and the steps that limit a process for good.
 *
 * @packageDocumentation
 */
export { capabilitiesOf, highestCapability } from './host.js';
export { capabilityMask, capabilityNames, parseStatus, type CapabilitySets } from './mask.js';
export {
  allowList,
  CAPABILITIES,
  DOCKER_DEFAULT,
  parseCapability,
  type Capability,
  type CapabilityChanges,
} from './names.js';
export { limitBounding, setCapabilities } from './steps.js';
