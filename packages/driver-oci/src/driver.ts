import type { DriverFactory, DriverModule, DriverOptions } from '@ns/execdriver';
import { commandDriver, type CommandDriver } from '@ns/execdriver/kit';

import { infoOf } from './abilities.js';
import { LinuxRuntimeDriver } from './linux-driver.js';
import { probe } from './probe.js';
import { findRuntime, noRuntime } from './runtime.js';
import { RuncDriver } from './runc-driver.js';
import { SandboxDriver } from './sandbox-driver.js';

function define({ settings }: DriverOptions): CommandDriver {
  const runtime = findRuntime(settings);
  if (runtime === undefined) return absent();
  const info = infoOf(runtime.dialect);
  if (runtime.dialect === 'runsc') return new SandboxDriver(info, runtime);
  return runtime.dialect === 'crun' ? new LinuxRuntimeDriver(info, runtime) : new RuncDriver(info, runtime);
}

/** Says what is missing when it is used, not when it is made. */
function absent(): CommandDriver {
  const refuse = (): never => {
    throw noRuntime();
  };
  return { info: infoOf('runc'), check: refuse, prepare: refuse, started: refuse };
}

/**
 * The OCI driver: each container is a bundle, generated from its spec, that a runtime of the host runs.
 *
 * @remarks
 * Settings: `path` of the runtime (default: the first of runc and crun that is found), its `dialect` where the file's name
 * does not tell (`runc`, `crun` or `runsc`), and runsc's `platform` (default `ptrace`). What the driver declares depends on
 * the runtime. Needs root.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` and `ERR_NS_NOT_FOUND` for settings that cannot be.
 *
 * @example
 * ```ts
 * const driver = ociDriver({ stateRoot: '/run/example', settings: { path: '/usr/bin/crun' } });
 * ```
 */
export const ociDriver: DriverFactory = commandDriver(define);

/** The driver as a module, for engines. What it declares is what it does with runc. */
export const driver: DriverModule = { info: infoOf('runc'), probe, create: ociDriver };
