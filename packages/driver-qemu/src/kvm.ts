import { execFile } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NsError } from '@ns/errors';
import { TRIAL_SAYS, trialSystem } from '@ns/execdriver/guest';

import { kernelCommandLine, machineArguments, type Hardware } from './arguments.js';
import type { Settings } from './settings.js';

const TIME_LIMIT_MS = 5000;

const trials = new Map<string, Promise<boolean>>();

/** The device of KVM. */
const DEVICE = '/dev/kvm';

/**
 * What runs the machine's processors: as the setting says, or KVM where it works.
 *
 * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when the setting says KVM and its device cannot be opened.
 */
export async function chooseAccelerator(
  wanted: Settings['accelerator'],
  emulator: string,
  kernel: string,
  device: string = DEVICE,
): Promise<Hardware['accelerator']> {
  if (wanted === 'tcg') return 'tcg';
  if (wanted === 'auto') return (await kvmRuns(emulator, kernel, device)) ? 'kvm' : 'tcg';
  const error = whyClosed(device);
  if (error === undefined) return 'kvm';
  throw new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'driver qemu',
    message: `${device} cannot be opened, and the setting accelerator says kvm`,
    path: device,
    hint: 'modprobe kvm_intel or kvm_amd, or leave the setting out: the machine is emulated then',
    cause: error,
  });
}

/**
 * Whether KVM runs this kernel, found out by a trial, once in a process.
 *
 * @remarks
 * That the device is there says little: inside of other virtual machines it can be opened, and then fails at the first
 * instruction that the outer one does not know.
 */
export function kvmRuns(emulator: string, kernel: string, device: string = DEVICE): Promise<boolean> {
  // Looked at each time: it comes when its module is loaded.
  if (whyClosed(device) !== undefined) return Promise.resolve(false);
  const key = `${emulator}\0${kernel}\0${device}`;
  const trial = trials.get(key) ?? tryKvm(emulator, kernel);
  trials.set(key, trial);
  return trial;
}

/** Root may access(2) what a cgroup forbids, and the device of a module that does not work here. */
function whyClosed(device: string): unknown {
  try {
    closeSync(openSync(device, constants.O_RDWR));
    return undefined;
  } catch (error) {
    return error;
  }
}

async function tryKvm(emulator: string, kernel: string): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'ns-kvm-'));
  try {
    const initrd = join(directory, 'initrd');
    writeFileSync(initrd, trialSystem());
    const args = [
      ...machineArguments({ memoryMiB: 256, cpus: 1, accelerator: 'kvm', files: '9p' }),
      '-kernel',
      kernel,
      '-initrd',
      initrd,
      '-append',
      kernelCommandLine('kvm'),
      '-serial',
      'stdio',
    ];
    return (await output(emulator, args)).includes(TRIAL_SAYS);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const output = (file: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const options = { timeout: TIME_LIMIT_MS, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    const child = execFile(file, args, options, (_, stdout) => resolve(stdout));
    child.stdin?.end();
  });
