import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TRIAL_SAYS, trialSystem } from '@ns/execdriver/guest';

import { kernelCommandLine, machineArguments } from './arguments.js';

const TIME_LIMIT_MS = 5000;

const trials = new Map<string, Promise<boolean>>();

/**
 * Whether KVM runs this kernel, found out by a trial, once in a process.
 *
 * @remarks
 * That the device is there says little: inside of other virtual machines it can be opened, and then fails at the first
 * instruction that the outer one does not know.
 */
export function kvmRuns(emulator: string, kernel: string, device = '/dev/kvm'): Promise<boolean> {
  const key = `${emulator}\0${kernel}\0${device}`;
  const trial = trials.get(key) ?? tryKvm(emulator, kernel, device);
  trials.set(key, trial);
  return trial;
}

async function tryKvm(emulator: string, kernel: string, device: string): Promise<boolean> {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  const directory = mkdtempSync(join(tmpdir(), 'ns-kvm-'));
  try {
    const initrd = join(directory, 'initrd');
    writeFileSync(initrd, trialSystem());
    const args = [
      ...machineArguments({ memoryMiB: 256, cpus: 1, accelerator: 'kvm' }),
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
