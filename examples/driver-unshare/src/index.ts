/** A small execution driver over unshare(1) of util-linux. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { DriverModule, DriverSettings, Probe } from '@ns/execdriver';
import { commandDriver } from '@ns/execdriver/kit';

import { define } from './definition.js';
import { info } from './info.js';

async function probe(settings?: DriverSettings): Promise<Probe> {
  const path = settings?.['path'] ?? '/usr/bin/unshare';
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 2000 });
    return { available: true, version: stdout.trim() };
  } catch {
    return { available: false, reason: `${path} cannot be run`, hint: 'apt-get install util-linux' };
  }
}

/** What an engine loads. */
export const driver: DriverModule = { info, probe, create: commandDriver(define) };
