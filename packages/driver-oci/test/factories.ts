import type { DriverFactory } from '@ns/execdriver';

import { driver } from '../src/index.js';

/** For processes of their own too: each runtime by its Debian package's path. */
const over =
  (path: string): DriverFactory =>
  ({ stateRoot }) =>
    driver.create({ stateRoot, settings: { path } });

export const runc: DriverFactory = over('/usr/sbin/runc');
export const crun: DriverFactory = over('/usr/bin/crun');
export const runsc: DriverFactory = over('/usr/bin/runsc');
