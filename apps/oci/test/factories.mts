import { fileURLToPath } from 'node:url';

import { driver } from '@ns/driver-oci';
import type { DriverFactory } from '@ns/execdriver';

const path = fileURLToPath(new URL('../dist/ns-oci.js', import.meta.url));

/** Our own driver over OCI runtimes, over our own runtime. For processes of the suite's own too. */
export const nsOci: DriverFactory = ({ stateRoot }) => driver.create({ stateRoot, settings: { path } });
