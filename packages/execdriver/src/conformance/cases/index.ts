import type { Group } from '../case.js';
import { adoption } from './adoption.js';
import { capabilities } from './capabilities.js';
import { exec } from './exec.js';
import { failures } from './failures.js';
import { init } from './init.js';
import { lifeCycle } from './life-cycle.js';
import { limits } from './limits.js';
import { many } from './many.js';
import { mounts } from './mounts.js';
import { namespaces } from './namespaces.js';
import { overlay } from './overlay.js';
import { program } from './program.js';
import { refusals } from './refusals.js';
import { resources } from './resources.js';
import { seccomp } from './seccomp.js';
import { streams } from './streams.js';
import { sysctls } from './sysctls.js';
import { terminal } from './terminal.js';
import { users } from './users.js';
import { view } from './view.js';

/** The suite, in the order in which one would debug a driver. */
export const GROUPS: readonly Group[] = [
  lifeCycle,
  streams,
  program,
  refusals,
  failures,
  users,
  capabilities,
  seccomp,
  limits,
  resources,
  namespaces,
  view,
  mounts,
  sysctls,
  overlay,
  terminal,
  exec,
  init,
  adoption,
  many,
];
