import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { DriverSettings } from '@ns/execdriver';

/** Where `./dev vm` keeps Debian's kernel, which is fetched and never installed. */
const KERNELS = join(import.meta.dirname, '../../../.tools/vm');

/** The settings for that kernel; none when the machine has one of its own. */
export function kernelSettings(): DriverSettings {
  const name = (existsSync(KERNELS) ? readdirSync(KERNELS) : [])
    .filter((one) => one.startsWith('linux-image-'))
    .toSorted()
    .at(-1);
  if (name === undefined) return {};
  const folder = join(KERNELS, name);
  const [release = ''] = readdirSync(join(folder, 'lib/modules'));
  // One processor is enough, and leaves the machine's own to other tests.
  return { kernel: join(folder, 'kernel'), modules: join(folder, 'lib/modules', release), cpus: '1' };
}
