export { compile, nativeArchitecture, type Image } from './compile.js';
export { failureOf, FAILURE_RECORD_SIZE, type Failure, type FailingStep } from './describe.js';
export type { Architecture } from './elf.js';
export { explain, explainJson, type ExplainedStep, type ExplainOptions } from './explain.js';
export { countSteps, injectFault } from './fault.js';
export * from './ir.js';
export { loadImage, type LoadedImage, type LoadOptions } from './load.js';
export { SYSCALLS, type ArgumentKind, type SyscallName } from './syscalls.js';
