import type { DriverFactory } from '@ns/execdriver';

import { driver } from '../src/index.js';
import { kernelSettings } from './kernel.js';

/** For a process of its own. */
export const create: DriverFactory = (options) => driver.create({ ...options, settings: kernelSettings() });
