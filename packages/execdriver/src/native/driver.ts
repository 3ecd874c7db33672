import { createReadStream, mkdirSync, openSync } from 'node:fs';

import { NsError } from '@ns/errors';

import { assertAble } from '../abilities.js';
import {
  CONTRACT_VERSION,
  type Container,
  type ContainerSpec,
  type DriverFactory,
  type DriverInfo,
  type DriverModule,
  type Streams,
} from '../contract.js';
import { isContainerId, validateSpec } from '../validate.js';
import { adoptSession } from './adopt.js';
import { cgroupPathOf } from './cgroup-path.js';
import { assertNoResources, oomKilled } from './cgroup.js';
import { NativeBackend } from './backend.js';
import { MonitoredContainer, type Origin } from './container.js';
import { DEFAULT_STDIO } from './ends.js';
import { exitOf, KILLED } from './exit.js';
import { planStart } from './plan.js';
import { probe } from './probe.js';
import { isPrivileged } from './start-container.js';
import { listStates, StateDirectory, type ContainerState } from './state.js';

/** What the native driver can do. */
const INFO: DriverInfo = {
  name: 'native',
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
    driverConfig: false,
  },
};

/**
 * The native driver: containers started by a syscall program, with nothing installed on the host.
 *
 * @remarks
 * Linux 5.10 or newer, on x86-64 or aarch64. Needs CAP_SYS_ADMIN and Docker's usual rights of root.
 *
 * @example
 * ```ts
 * const driver = nativeDriver({ stateRoot: '/run/example' });
 * const container = await driver.create({
 *   id: 'hello',
 *   root: { kind: 'directory', path: '/srv/rootfs' },
 *   process: { args: ['echo', 'hello'], env: ['PATH=/bin'] },
 * });
 * await container.start();
 * container.streams?.stdout?.pipe(process.stdout);
 * console.log(await container.wait());
 * await container.destroy();
 * ```
 */
export const nativeDriver: DriverFactory = ({ stateRoot }) => ({
  info: INFO,

  async create(spec: ContainerSpec): Promise<Container> {
    validateSpec(spec);
    assertAble(INFO, spec);
    planStart(spec, isPrivileged());
    if (!isPrivileged()) assertNoResources(spec);
    mkdirSync(stateRoot, { recursive: true, mode: 0o700 });
    const directory = new StateDirectory(stateRoot, spec.id);
    const cgroup = isPrivileged() ? cgroupPathOf(spec, stateRoot) : undefined;
    directory.create(stateOf(spec, cgroup));
    const backend = new NativeBackend(spec.id, directory, cgroup);
    return new MonitoredContainer({
      id: spec.id,
      directory,
      lock: directory.lock(),
      backend,
      origin: { spec },
    });
  },

  async adopt(id: string): Promise<Container> {
    // What is no id names no container, and could lead out of the state root.
    const directory = isContainerId(id) ? new StateDirectory(stateRoot, id) : undefined;
    if (directory === undefined || !directory.exists()) {
      throw new NsError('ERR_NS_NOT_FOUND', {
        operation: 'adopt',
        message: `no container ${JSON.stringify(id)}`,
        path: stateRoot,
        hint: 'list the containers of this state root',
      });
    }
    const lock = directory.lock();
    try {
      const state = directory.read();
      const backend = new NativeBackend(id, directory, state?.cgroup);
      return new MonitoredContainer({ id, directory, lock, backend, origin: originOf(directory, state) });
    } catch (error) {
      lock.close();
      throw error;
    }
  },

  async list(): Promise<string[]> {
    return listStates(stateRoot);
  },
});

/** The native driver as a module, like that of any other driver. */
export const nativeModule: DriverModule = { info: INFO, probe, create: nativeDriver };

/** What a container's state directory says of it from the beginning. */
export function stateOf(spec: ContainerSpec, cgroup: string | undefined): ContainerState {
  const stdio = spec.process.stdio ?? DEFAULT_STDIO;
  return {
    version: 1,
    id: spec.id,
    terminal: spec.process.terminal !== undefined,
    pipes: [stdio[0] === 'pipe', stdio[1] === 'pipe', stdio[2] === 'pipe'],
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

/** The output that nobody had read when the container ended, as streams that come to their end. */
export function restOf(directory: StateDirectory): Streams {
  const files = directory.unread();
  // Opened at once: they are removed with the container, which may be before anybody reads.
  const open = (path: string): NonNullable<Streams['stdout']> =>
    createReadStream(path, { fd: openSync(path, 'r') });
  return {
    ...(files.stdout === undefined ? {} : { stdout: open(files.stdout) }),
    ...(files.stderr === undefined ? {} : { stderr: open(files.stderr) }),
  };
}

function originOf(directory: StateDirectory, state: ContainerState | undefined): Origin {
  const pids = directory.pids();
  if (state === undefined || pids === undefined) return { neverStarted: true };
  const { cgroup } = state;
  const wasOomKilled = (): boolean => oomKilled(cgroup);
  const session = adoptSession(directory, state, pids, { wasOomKilled });
  if (session !== undefined) return { session };
  const record = directory.exit();
  const exit = record === undefined ? exitOf(KILLED) : exitOf(record.waitStatus, record.at);
  return {
    exit: { ...exit, oomKilled: wasOomKilled() },
    streams: restOf(directory),
  };
}
