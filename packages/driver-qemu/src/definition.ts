import type { DriverOptions } from '@ns/execdriver';
import {
  execInMachine,
  forgetMachine,
  machineExit,
  machineRoot,
  machineSaid,
  machineStarted,
  planGuest,
  prepareMachine,
  readModules,
  signalMachine,
  VIRTIO,
  VIRTIO_FS,
} from '@ns/execdriver/guest';
import type { CommandDriver } from '@ns/execdriver/kit';

import { emulatorArguments } from './arguments.js';
import { fileServer } from './file-server.js';
import { INFO } from './info.js';
import { emulatorFiles, KERNEL } from './jail.js';
import { findKernel, unpacked } from './kernel.js';
import { chooseAccelerator } from './kvm.js';
import { readSettings } from './settings.js';

/** Where unpacked kernels are kept. */
const CACHE = '/var/cache/ns/kernels';

/** What the guest needs before it can reach its files. */
const MODULES = {
  '9p': ['virtio_pci', 'virtio_console', '9p', '9pnet_virtio'],
  virtiofs: ['virtio_pci', 'virtio_console', 'virtiofs'],
} as const;

/** What is particular to QEMU. */
export function define({ settings }: DriverOptions): CommandDriver {
  const { path, memoryMiB, cpus, ...rest } = readSettings(settings);
  return {
    info: INFO,
    check: (spec) => void planGuest(spec),
    prepare: async (spec, place) => {
      const server = fileServer(rest.files);
      const files = server === undefined ? '9p' : 'virtiofs';
      const kernel = findKernel(rest, files);
      const image = unpacked(kernel.image, CACHE);
      const accelerator = await chooseAccelerator(rest.accelerator, path, image);
      return prepareMachine({
        spec,
        place,
        transport: server === undefined ? VIRTIO : VIRTIO_FS,
        modules: readModules(kernel.modules, MODULES[files]),
        file: path,
        args: emulatorArguments({ kernel: KERNEL, memoryMiB, cpus, accelerator, files }),
        fileServer: server,
        env: ['PATH=/usr/bin:/bin', 'HOME=/'],
        ...emulatorFiles(path, image, accelerator === 'kvm'),
      });
    },
    started: (_, place, command) => machineStarted(place, command),
    startTimeoutMs: 120_000,
    said: machineSaid,
    exec: (process, running) => execInMachine(process, running, VIRTIO),
    files: ({ pid }) => machineRoot(pid),
    signal: signalMachine,
    processes: async ({ pid }) => [pid],
    exit: machineExit,
    remove: async (place) => forgetMachine(place),
  };
}
