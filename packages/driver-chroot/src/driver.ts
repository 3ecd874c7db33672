import { CONTRACT_VERSION, type DriverInfo, type DriverModule, type Probe } from '@ns/execdriver';
import { commandDriver, innerStarted, writeInner, type CommandDriver } from '@ns/execdriver/kit';

import { enterRoot, goToRoot } from './steps.js';

const INFO: DriverInfo = {
  name: 'chroot',
  version: '0.1.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: [],
    joinNamespaces: false,
    roots: ['directory', 'overlay'],
    mounts: ['bind', 'tmpfs'],
    idMappedMounts: true,
    readonlyRoot: true,
    terminal: true,
    exec: true,
    signals: true,
    user: true,
    capabilities: true,
    seccomp: true,
    apparmor: false,
    rlimits: true,
    resources: false,
    pause: false,
    sysctls: false,
    network: false,
    init: false,
    hostname: false,
    adopt: true,
    driverConfig: false,
  },
};

/** The command is the inner program itself: it changes its root directory, and then becomes the user's program. */
const define = (): CommandDriver => ({
  info: INFO,
  prepare(spec, place) {
    const { mounts = [], readonlyRoot = false, defaultMounts = true } = spec;
    const { file } = writeInner(spec.process, place, {
      before: goToRoot(place.root, defaultMounts),
      diesWithParent: true,
    });
    return { file, args: ['ns-start'], env: [], root: spec.root, mounts, readonlyRoot, life: 'stays' };
  },
  async started(_spec, place, command) {
    await innerStarted(place, command);
    return { pid: command.pid };
  },
  exec(process, running) {
    const inner = writeInner(process, running, { before: enterRoot(running.pid), diesWithParent: true });
    return {
      file: inner.file,
      args: ['ns-exec'],
      env: [],
      life: 'stays',
      started: async (command) => {
        await inner.started(command);
        return { pid: command.pid };
      },
    };
  },
});

/** It takes what every Linux has, and root. */
async function probe(): Promise<Probe> {
  if (process.platform !== 'linux') {
    return { available: false, reason: `this is ${process.platform}, not Linux`, hint: 'run it on Linux' };
  }
  if (process.geteuid?.() === 0) return { available: true };
  return { available: false, reason: 'chroot(2) takes root', hint: 'run it as root' };
}

/**
 * The chroot driver, as an engine loads it.
 *
 * @remarks
 * What it runs is **not isolated**: it has a root directory of its own, and everything else of the host. See chroot(2).
 * Linux 5.10 or newer, and root.
 *
 * @example
 * ```ts
 * const chroot = driver.create({ stateRoot: '/run/example' });
 * ```
 */
export const driver: DriverModule = { info: INFO, probe, create: commandDriver(define) };
