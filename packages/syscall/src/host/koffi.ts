import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type Koffi from 'koffi';

/**
 * koffi, by its native half where that is at its usual place. koffi's own way to it goes through Node's resolver of
 * exports and the ELF header of Node: more than half of what it takes to load, which short commands notice.
 */
export function loadKoffi(): typeof Koffi {
  const require = createRequire(import.meta.url);
  return beside(require) ?? require('koffi');
}

function beside(require: NodeJS.Require): typeof Koffi | undefined {
  const folder = require.resolve.paths('koffi')?.find((path) => existsSync(join(path, 'koffi')));
  if (folder === undefined) return undefined;
  // Package managers put a package and what it depends on into one folder, perhaps behind links.
  const packages = dirname(realpathSync(join(folder, 'koffi')));
  const { arch } = process;
  try {
    return require(join(packages, `@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`));
  } catch {
    // Another layout, or Node with another C library than glibc: koffi finds out.
    return undefined;
  }
}
