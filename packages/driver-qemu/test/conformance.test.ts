// needs: linux, root, x64, busybox, qemu-system
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, selectedCases, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { create, createWith9p } from './factory.js';

/** A kernel is started for each: of every group of cases, those that say most. */
const SELECTION = [
  'life cycle receives signals',
  'streams give the program its input',
  'start of a command that is in no directory of the PATH',
  'user app is 1000',
  'resources run out',
  'the default mounts are Docker',
  'a mount keeps its mode on a root that is read-only',
  'an overlay root writes to the upper layer',
  'a terminal tells the program of another size',
  'exec has streams of its own',
  'init is process 1',
  'a container whose creator was killed goes on',
];

/** What depends on who serves the files. */
const FILES = ['an overlay root writes to the upper layer', 'exec has streams of its own'];

describe.each([
  { name: 'the qemu driver', create, factory: 'create', selection: selectedCases(SELECTION) },
  { name: 'the qemu driver over 9p', create: createWith9p, factory: 'createWith9p', selection: FILES },
])('$name', ({ create: factory, factory: name, selection }) => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  for (const only of selection) {
    conformance({
      factory,
      module: {
        url: new URL('factory.ts', import.meta.url).href,
        name,
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
      only,
    });
  }
});
