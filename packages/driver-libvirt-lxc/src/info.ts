import { CONTRACT_VERSION, type DriverInfo } from '@ns/execdriver';

/** What the driver can do. */
export const INFO: DriverInfo = {
  name: 'libvirt-lxc',
  version: '0.1.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'time'],
    // libvirt shares those of its domains with each other only.
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
