import { existsSync } from 'node:fs';

import { NsError } from '@ns/errors';
import type { DriverSettings, Probe } from '@ns/execdriver';
import { toolVersion } from '@ns/execdriver/guest';

import { readSettings } from './settings.js';

/** Whether the kernel is there, and can be used. */
export async function probe(settings: DriverSettings = {}): Promise<Probe> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return no(`this is ${process.platform} on ${process.arch}, not Linux on x64`, 'use another driver');
  }
  try {
    const { path } = readSettings(settings);
    if (!existsSync(path)) return no(`${path} is not installed`, 'apt-get install user-mode-linux');
    if (process.geteuid?.() !== 0) return no('the driver needs the rights of root', 'run as root');
    return judge(path, await toolVersion(path));
  } catch (error) {
    if (!NsError.is(error)) throw error;
    // Whoever tells the reason says of which driver.
    return no(
      error.message.replace(`${error.operation}: `, ''),
      error.hint ?? 'see the README of @ns/driver-uml',
    );
  }
}

/** The same by what `linux.uml --version` has printed; undefined when it could not be run. */
export function judge(path: string, text: string | undefined): Probe {
  const [, version] = /^(\d+\.\d+\S*)/m.exec(text ?? '') ?? [];
  if (version === undefined) {
    return no(`${path} does not say its version`, 'apt-get install --reinstall user-mode-linux');
  }
  return { available: true, version };
}

const no = (reason: string, hint: string): Probe => ({ available: false, reason, hint });
