import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { which } from '@ns/testing';

import { emulate, type Streams } from './emulate.ts';
import { emulatorArguments, PORTS, type Machine } from './emulator.ts';
import { initramfs, prepareKernel } from './kernel.ts';
import { planScript, type Plan } from './plan.ts';
import { Unavailable } from './unavailable.ts';

export { BROKEN } from './emulate.ts';
export { Unavailable } from './unavailable.ts';

/** A command, and the virtual machine to run it in. */
export interface Job
  extends Partial<Omit<Plan & Machine, 'image' | 'initramfs' | 'keep' | 'modules'>>, Streams {
  readonly command: readonly [string, ...string[]];
  /** Another kernel package than the release's newest. */
  readonly kernelPackage?: string;
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/**
 * Run a command as root under the second kernel, with the machine's own files as its root file system.
 *
 * The files are read by 9p below a tmpfs: what the command writes goes with the virtual machine, save in `shares`.
 * `/tmp` and `/var/tmp` start empty. Nothing stays on the machine, also when this process is killed.
 *
 * @returns The command's exit status (128 + N when signal N killed it), 124 when it took too long, 130 when it was stopped, or `BROKEN`.
 * @throws {@link Unavailable} with the reason when this machine cannot do it.
 */
export async function runUnderSecondKernel(job: Job): Promise<number> {
  const emulator = findEmulator();
  const kernel = prepareKernel(job.kernelPackage);
  const directory = job.directory ?? process.cwd();
  const shares = job.shares ?? [];
  const plan = planScript({
    command: job.command,
    directory,
    environment: { PATH: process.env['PATH'] ?? '', HOME: '/root', LANG: 'C.UTF-8', ...job.environment },
    shares,
    keep: [REPOSITORY, directory],
    cgroup: job.cgroup ?? 2,
    modules: kernel.modules,
  });
  using first = unnamedFile(initramfs(kernel));
  const args = emulatorArguments({
    image: kernel.image,
    initramfs: `/proc/self/fd/${3 + PORTS.length}`,
    memoryMiB: job.memoryMiB ?? 3072,
    cpus: job.cpus ?? 2,
    shares,
    isAppArmorOn: job.isAppArmorOn ?? true,
    accelerator: job.accelerator ?? 'tcg',
    kernelArguments: job.kernelArguments ?? '',
  });
  return await emulate([emulator, ...args], first.descriptor, plan, job);
}

/** A file without a name, which goes when its last descriptor does: nothing has to remember to remove it. */
function unnamedFile(content: Uint8Array): Disposable & { readonly descriptor: number } {
  const folder = mkdtempSync(join(tmpdir(), 'ns-vm-'));
  try {
    const descriptor = openSync(join(folder, 'file'), 'wx+');
    writeSync(descriptor, content);
    return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws {@link Unavailable} when there is none for this machine. */
function findEmulator(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Unavailable(
      `the second kernel is for Linux on x86-64, and this is ${process.platform} on ${process.arch}`,
    );
  }
  const path = which('qemu-system-x86_64');
  if (path === undefined) throw new Unavailable('qemu-system-x86_64 is not installed');
  return path;
}
