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
  signalMachine,
  UML_LINES,
  type JailFile,
} from '@ns/execdriver/guest';
import type { CommandDriver } from '@ns/execdriver/kit';

import { kernelArguments } from './arguments.js';
import { INFO } from './info.js';
import { librariesOf } from './libraries.js';
import { readSettings } from './settings.js';

/** Where the kernel is in its jail. */
const KERNEL = '/linux.uml';

const MIB = 1024 * 1024;
/** Beyond the guest's memory, which is a file: gaps in it, and what the kernel keeps for itself. */
const MORE_SCRATCH = 256 * MIB;

/** What is particular to User Mode Linux. */
export function define({ settings }: DriverOptions): CommandDriver {
  const { path, memoryMiB } = readSettings(settings);
  return {
    info: INFO,
    check: (spec) => void planGuest(spec),
    prepare: (spec, place) =>
      prepareMachine({
        spec,
        place,
        transport: UML_LINES,
        // Debian's has what is needed built in.
        modules: [],
        file: KERNEL,
        args: kernelArguments(memoryMiB),
        env: ['HOME=/tmp', 'TMPDIR=/tmp', 'PATH=/'],
        files: kernelFiles(path),
        scratchBytes: memoryMiB * MIB + MORE_SCRATCH,
      }),
    started: (_, place, command) => machineStarted(place, command),
    startTimeoutMs: 120_000,
    said: machineSaid,
    exec: (process, running) => execInMachine(process, running, UML_LINES),
    files: ({ pid }) => machineRoot(pid),
    signal: signalMachine,
    processes: async ({ pid }) => [pid],
    exit: machineExit,
    remove: async (place) => forgetMachine(place),
  };
}

/**
 * The kernel and its libraries, and nothing else of the host: root of the guest is whoever runs that kernel, with the same
 * files.
 */
const kernelFiles = (path: string): JailFile[] => [
  { source: path, target: KERNEL, kind: 'file' },
  ...librariesOf(path).map((library): JailFile => ({ source: library, target: library, kind: 'file' })),
];
