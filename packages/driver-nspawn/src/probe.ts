import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

import type { DriverSettings, Probe } from '@ns/execdriver';

import { programOf } from './settings.js';

const TIME_LIMIT_MS = 1500;

/** `--console=pipe` came with 242, and SYSTEMD_SECCOMP with 247. */
const OLDEST = 247;

/** Whether systemd-nspawn is installed, and can be used. */
export async function probe(settings: DriverSettings = {}): Promise<Probe> {
  if (process.platform !== 'linux') return no(`this is ${process.platform}, not Linux`, 'run it on Linux');
  let file: string;
  try {
    file = programOf(settings);
  } catch (error) {
    return no((error as Error).message, 'see the README of @ns/driver-nspawn for its settings');
  }
  if (!existsSync(file)) return no(`${file} is not installed`, 'apt-get install systemd-container');
  if (process.geteuid?.() !== 0) return no('systemd-nspawn needs the rights of root', 'run as root');
  const text = await output(file, ['--version']);
  // It is there; that the machine is slow says nothing about it.
  return text === 'late' ? { available: true } : judge(file, text);
}

/** The same by what `systemd-nspawn --version` has printed; undefined when it could not be run. */
export function judge(file: string, text: string | undefined): Probe {
  const [, major = '', full] = /^systemd (\d+)(?:[^\n(]*\(([^)]*)\))?/.exec(text ?? '') ?? [];
  if (major === '')
    return no(`${file} does not say its version`, 'apt-get install --reinstall systemd-container');
  if (Number(major) < OLDEST) {
    return no(`systemd-nspawn ${major} is older than ${OLDEST}`, 'use a newer release of systemd');
  }
  return { available: true, version: `systemd ${full ?? major}` };
}

const no = (reason: string, hint: string): Probe => ({ available: false, reason, hint });

/** What a program prints; `late` when it takes too long, undefined when it fails. */
const output = (file: string, args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(file, args, { timeout: TIME_LIMIT_MS, encoding: 'utf8' }, (error, stdout) => {
      resolve(error === null ? stdout : error.killed === true ? 'late' : undefined);
    });
  });
