// needs: linux, root, x64, busybox, qemu-system
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { create } from './factory.js';

/** A kernel is started for each: of every group of cases, those that say most. `NS_CASES=` runs all. */
const SELECTION = [
  'life cycle gives the exit status 7',
  'life cycle receives signals',
  'streams keep output and errors apart',
  'streams give the program its input',
  'start of a command that is in no directory of the PATH',
  'user app is 1000',
  'resources run out',
  'the default mounts are Docker',
  'a mount keeps its mode on a root that is read-only',
  'an overlay root writes to the upper layer',
  'a terminal tells the program of another size',
  'exec has streams of its own',
  'a container whose creator was killed goes on',
];

describe('the qemu driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  const cases = process.env['NS_CASES'];
  for (const only of cases === undefined ? SELECTION : [cases]) {
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
