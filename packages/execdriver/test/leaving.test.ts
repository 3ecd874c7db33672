// needs: linux, root, busybox
/** The conformance suite with a driver over a command that leaves its container to the monitor. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { leavingDriver } from './leaving-driver.js';

describe('a driver over a command that leaves', () => {
  const root = new BusyboxRoot();
  // Shells give background jobs /dev/null to read; here that is a file of the root.
  mkdirSync(join(root.path, 'dev'));
  writeFileSync(join(root.path, 'dev/null'), '');
  afterAll(() => root[Symbol.dispose]());

  // The rest is that of the chroot driver.
  for (const only of ['life cycle', 'streams', 'start ', 'a container whose creator', 'many']) {
    conformance({
      factory: leavingDriver,
      module: {
        url: new URL('leaving-driver.ts', import.meta.url).href,
        name: 'leavingDriver',
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      only,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
    });
  }
});
