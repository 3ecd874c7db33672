import { NsError } from '@ns/errors';
import { CONTRACT_VERSION, type DriverFactory, type DriverInfo, type DriverModule } from '@ns/execdriver';
import { commandDriver, innerStarted, writeInner, type CommandDriver } from '@ns/execdriver/kit';

import { checkSpec } from './check.js';
import { DESCRIPTOR } from './descriptors.js';
import { exitOf } from './ending.js';
import { furnished } from './programs/furnished.js';
import { findInstallation } from './install.js';
import { readFacts, writeContainer, type Programs } from './launcher.js';
import { namesOf } from './names.js';
import { probe } from './probe.js';
import { hasOwnTerminal, INNER } from './programs/parts.js';
import { removeCgroups } from './remove.js';
import { givenUp, leaveUnified, pidOf, saidBy, startFailure } from './starting.js';

const INFO: DriverInfo = {
  name: 'lxc',
  version: '0.1.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: ['mnt', 'pid', 'uts', 'ipc', 'net', 'user', 'cgroup', 'time'],
    joinNamespaces: true,
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
    apparmor: true,
    rlimits: true,
    resources: true,
    pause: true,
    sysctls: true,
    network: true,
    init: true,
    hostname: true,
    adopt: true,
    driverConfig: true,
  },
};

/**
 * Containers by LXC: `lxc-start` makes the namespaces and cgroups and watches over the container; what is in it, and what a
 * process may do, is the same as with the native driver.
 *
 * @remarks
 * Takes LXC 5 and root. `settings.path` is the path of `lxc-start`, by default `/usr/bin/lxc-start`.
 *
 * @example
 * ```ts
 * const driver = lxcDriver({ stateRoot: '/run/example' });
 * const container = await driver.create({
 *   id: 'hello',
 *   root: { kind: 'directory', path: '/srv/rootfs' },
 *   process: { args: ['echo', 'hello'], env: ['PATH=/bin'] },
 *   driverConfig: [['lxc.cgroup.cpu.shares', '512']],
 * });
 * await container.start();
 * ```
 */
export const lxcDriver: DriverFactory = commandDriver(({ stateRoot, settings }): CommandDriver => {
  const programs = new Map<string, Programs>();
  return {
    info: INFO,
    check: checkSpec,

    prepare(spec, place) {
      const installation = findInstallation(settings);
      if (installation === undefined) {
        throw new NsError('ERR_NS_UNSUPPORTED', {
          operation: 'start',
          message: 'LXC is not installed',
          hint: 'apt-get install lxc, or use the native driver',
        });
      }
      const inner = writeInner(spec.process, place, {
        at: INNER,
        before: furnished(spec),
        init: spec.init === true,
      });
      const written = writeContainer(spec, place, {
        installation,
        names: namesOf(spec.id, stateRoot, spec.cgroup),
        command: inner.path,
      });
      programs.set(place.directory, written.programs);
      const { file, args } = written;
      return {
        file,
        args,
        env: [],
        root: spec.root,
        life: 'stays',
        ...(hasOwnTerminal(spec) ? { devpts: DESCRIPTOR.devpts } : {}),
      };
    },

    async started(_spec, place, command) {
      const watch = new AbortController();
      try {
        await Promise.race([innerStarted(place, command), givenUp(place, watch.signal)]);
        return { pid: await pidOf(place, command) };
      } catch (error) {
        throw startFailure(place, programs.get(place.directory) ?? [], error);
      } finally {
        watch.abort();
        programs.delete(place.directory);
        leaveUnified(command.pid);
      }
    },

    cgroup: (place) => readFacts(place)?.cgroups.container,
    exit: exitOf,
    said: saidBy,

    async remove(place) {
      const facts = readFacts(place);
      if (facts !== undefined) await removeCgroups(facts.cgroups);
    },
  };
});

/** The driver as a module. */
export const driver: DriverModule = { info: INFO, probe, create: lxcDriver };
