import { CONTRACT_VERSION, type Abilities, type DriverInfo } from '@ns/execdriver';

import type { Dialect } from './runtime.js';

const RUNC: Abilities = {
  namespaces: ['mnt', 'pid', 'uts', 'ipc', 'net', 'user', 'cgroup'],
  joinNamespaces: true,
  roots: ['directory', 'overlay'],
  mounts: ['bind', 'tmpfs'],
  idMappedMounts: false,
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
};

/** What a driver over a runtime of each kind declares: what the releases of Debian 12 can do. */
const ABILITIES: Readonly<Record<Dialect, Abilities>> = {
  runc: { ...RUNC, checkpoint: true },
  crun: { ...RUNC, idMappedMounts: true },
  // Its containers have a kernel of their own: what the host's would be asked for is not there, or not theirs.
  runsc: {
    ...RUNC,
    namespaces: ['pid', 'uts', 'ipc', 'net'],
    umask: false,
    rlimits: false,
    terminal: false,
    joinNamespaces: false,
    seccomp: false,
    apparmor: false,
    resources: false,
    sysctls: false,
    network: false,
    init: false,
    ownKernel: true,
  },
};

/** What the driver says of itself, with a runtime of this kind. */
export const infoOf = (dialect: Dialect): DriverInfo => ({
  name: 'oci',
  version: '0.1.0',
  contract: CONTRACT_VERSION,
  abilities: ABILITIES[dialect],
});
