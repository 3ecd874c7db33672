import { CONTRACT_VERSION, type DriverInfo } from '@ns/execdriver';

/** What the driver can do. */
export const INFO: DriverInfo = {
  name: 'uml',
  version: '0.1.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'],
    // Those of another kernel cannot be joined.
    joinNamespaces: false,
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
    apparmor: false,
    rlimits: true,
    resources: false,
    pause: false,
    sysctls: true,
    network: false,
    init: true,
    hostname: true,
    adopt: true,
    driverConfig: false,
    ownKernel: true,
  },
};
