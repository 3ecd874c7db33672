// needs: linux, root, busybox, nspawn
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, selectedCases, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { driver } from '../src/index.js';

/** What a start by systemd-nspawn takes is not there for all cases each time: these touch all that is this driver's own. */
const SELECTED = [
  'life cycle ',
  'start of ',
  'user app',
  'resources ',
  'a mount ',
  'the default mounts ',
  'a terminal ',
  'exec ',
  'has no interface',
  'are set in the container and not on the host',
  'init is process 1',
  'that ended meanwhile is adopted',
  'the signal that ends it then',
  'keeps its terminal',
];

describe('the systemd-nspawn driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  for (const only of selectedCases(SELECTED)) {
    conformance({
      factory: driver.create,
      module: {
        url: new URL('factory.ts', import.meta.url).href,
        name: 'create',
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
      only,
    });
  }
});
