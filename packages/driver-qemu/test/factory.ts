import type { DriverFactory } from '@ns/execdriver';

import { driver } from '../src/index.js';
import { kernelSettings } from './kernel.js';

/** For a process of its own. */
export const create: DriverFactory = (options) => driver.create({ ...options, settings: kernelSettings() });

/** The same, with files that the emulator itself serves. */
export const createWith9p: DriverFactory = (options) =>
  driver.create({ ...options, settings: { ...kernelSettings(), files: '9p' } });
