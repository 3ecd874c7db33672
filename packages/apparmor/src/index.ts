/**
 * AppArmor: what the kernel has of it, a container's default profile, loading and unloading, and the steps that change
 * profile on exec.
 *
 * @packageDocumentation
 */
export { DEFAULT_PROFILE, defaultProfile, type DefaultProfileOptions } from './default-profile.js';
export { mediates, readFeatures, type AppArmorFeatures } from './features.js';
export { compileProfile, parserVersion, type CompileOptions } from './parser.js';
export {
  isLoaded,
  listProfiles,
  loadCompiled,
  loadProfile,
  parseProfiles,
  unloadProfile,
  type LoadedProfile,
} from './policy.js';
export { confinementOf, parseConfinement, processesUnder, type Confinement } from './process.js';
export { ensureDefaultProfile, selectProfile, type ProfileChoice } from './select.js';
export { changeProfileOnExec } from './steps.js';
export { detect, type AppArmorMode, type AppArmorSupport, type DetectOptions } from './support.js';
