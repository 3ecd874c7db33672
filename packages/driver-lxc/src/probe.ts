import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

import type { DriverSettings, Probe } from '@ns/execdriver';

import { commandOf, findInstallation } from './install.js';

const INSTALL = 'apt-get install lxc';
const TIME_LIMIT_MS = 2000;

/** Whether LXC can be run. Makes nothing, and does not reject. */
export async function probe(settings: DriverSettings = {}): Promise<Probe> {
  const command = commandOf(settings);
  if (!existsSync(command)) return no(`${command} is not installed`, INSTALL);
  const version = await versionOf(command);
  if (version === undefined) return no(`${command} does not tell its version`, INSTALL);
  if (findInstallation(settings) === undefined) {
    return no('the directory that LXC mounts roots on is not there: /usr/lib/*/lxc/rootfs', INSTALL);
  }
  if (process.geteuid?.() !== 0) {
    return no('this process is not root', 'run it as root, or use the native driver');
  }
  return { available: true, version: `lxc ${version}` };
}

const no = (reason: string, hint: string): Probe => ({ available: false, reason, hint });

function versionOf(command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, ['--version'], { timeout: TIME_LIMIT_MS }, (error, stdout) => {
      const version = stdout.trim();
      resolve(error === null && /^\d+\.\d+/.test(version) ? version : undefined);
    });
  });
}
