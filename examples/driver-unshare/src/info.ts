import { CONTRACT_VERSION, type DriverInfo } from '@ns/execdriver';

/** What the driver can do. The rest is refused before it is asked. */
export const info: DriverInfo = {
  name: 'unshare',
  version: '1.0.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: ['uts', 'ipc'],
    joinNamespaces: false,
    roots: ['directory', 'overlay'],
    mounts: ['bind', 'tmpfs'],
    idMappedMounts: true,
    readonlyRoot: true,
    terminal: true,
    exec: false,
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
