import { existsSync } from 'node:fs';

import { NsError } from '@ns/errors';
import type { DriverSettings, Probe } from '@ns/execdriver';
import { toolVersion } from '@ns/execdriver/guest';

import { fileServer } from './file-server.js';
import { findKernel } from './kernel.js';
import { readSettings } from './settings.js';

/** Whether the emulator and a kernel are there, and can be used. */
export async function probe(settings: DriverSettings = {}): Promise<Probe> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return no(`this is ${process.platform} on ${process.arch}, not Linux on x64`, 'use another driver');
  }
  try {
    const read = readSettings(settings);
    if (!existsSync(read.path)) return no(`${read.path} is not installed`, 'apt-get install qemu-system-x86');
    const files = fileServer(read.files) === undefined ? '9p' : 'virtiofs';
    const { release } = findKernel(read, files);
    if (process.geteuid?.() !== 0) return no('the driver needs the rights of root', 'run as root');
    return judge(read.path, release, await toolVersion(read.path));
  } catch (error) {
    if (!NsError.is(error)) throw error;
    // Whoever tells the reason says of which driver.
    return no(
      error.message.replace(`${error.operation}: `, ''),
      error.hint ?? 'see the README of @ns/driver-qemu',
    );
  }
}

/** The same by what `qemu-system-x86_64 --version` has printed; undefined when it could not be run. */
export function judge(path: string, release: string, text: string | undefined): Probe {
  const [, version] = /^QEMU emulator version (\d+(?:\.\d+)+)/m.exec(text ?? '') ?? [];
  if (version === undefined) {
    return no(`${path} does not say its version`, 'apt-get install --reinstall qemu-system-x86');
  }
  return { available: true, version: `${version}, Linux ${release}` };
}

const no = (reason: string, hint: string): Probe => ({ available: false, reason, hint });
