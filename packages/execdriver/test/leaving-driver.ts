/** A driver for tests of the kit: a shell leaves its container, which is a chroot, to the monitor. */
import { CONTRACT_VERSION, type DriverFactory, type DriverInfo } from '@ns/execdriver';
import { commandDriver, innerStarted, writeInner } from '@ns/execdriver/kit';
import { call, cstr, type Step } from '@ns/syscall';
import { which } from '@ns/testing';

const INFO: DriverInfo = {
  name: 'leaving',
  version: '0.0.0',
  contract: CONTRACT_VERSION,
  abilities: {
    namespaces: [],
    joinNamespaces: false,
    roots: ['directory', 'overlay'],
    mounts: ['bind', 'tmpfs'],
    idMappedMounts: true,
    readonlyRoot: true,
    terminal: false,
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

/**
 * Starts the program in the background, writes down its pid, and exits: what a container runtime does. The shell is not there
 * any more when the program ends: it would collect it.
 */
const SCRIPT = 'exec 3<&0; "$1" <&3 3<&- & exec busybox printf %s $! 3<&- > "$2"';

export const changeRoot = (path: string): Step[] => [
  call('chdir', [cstr(path)], { what: 'go to the root', object: path }),
  call('chroot', [cstr('.')], { what: 'change the root directory' }),
];

export const leavingDriver: DriverFactory = commandDriver(() => ({
  info: INFO,
  prepare(spec, place) {
    const { file } = writeInner(spec.process, place, { before: changeRoot(place.root) });
    const pidFile = `${place.directory}/pid`;
    const { mounts = [], readonlyRoot = false } = spec;
    return {
      file: which('busybox')!,
      args: ['sh', '-c', SCRIPT, 'sh', file, pidFile],
      env: ['PATH=/usr/bin:/bin'],
      root: spec.root,
      mounts,
      readonlyRoot,
      life: { pidFile },
    };
  },
  async started(_spec, place, command) {
    await innerStarted(place, command);
    return {};
  },
}));
