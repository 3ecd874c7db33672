// needs: linux, root, x64, busybox, uml
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, selectedCases, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { create } from './factory.js';

/** A kernel is started for each: of every group of cases, those that say most. */
const SELECTION = [
  'life cycle receives signals',
  'streams give the program its input',
  'start of a command that is in no directory of the PATH',
  'the default mounts are Docker',
  'an overlay root writes to the upper layer',
  'a terminal tells the program of another size',
  'exec has streams of its own',
  'init is process 1',
  'a container whose creator was killed goes on',
];

describe('the uml driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  for (const only of selectedCases(SELECTION)) {
    conformance({
      factory: create,
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
