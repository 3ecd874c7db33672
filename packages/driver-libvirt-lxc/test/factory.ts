import type { DriverFactory } from '@ns/execdriver';

import { driver } from '../src/index.js';

/** For a process of its own. */
export const create: DriverFactory = driver.create;
