// needs: linux, root, busybox, libvirt-lxc
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, selectedCases, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { driver } from '../src/index.js';

/** A start by libvirt takes most of a second: these touch all that is this driver’s own. */
const SELECTED = [
  'life cycle gives the exit status 7',
  'life cycle gives the signal',
  'life cycle has ended when',
  'life cycle is gone',
  'life cycle can be destroyed while it starts',
  'start of a command that is in no directory',
  'a mount shows a directory',
  'an overlay root shows',
  'the default mounts are all',
  'has the program as process 1',
  'has no interface',
  'user app is',
  'resources run out',
  'resources include',
  'are set in the container and not on the host',
  'a terminal controls',
  'exec is in all namespaces',
  'init is process 1',
  'goes on, and is adopted',
  'that ended meanwhile is adopted',
  'keeps its terminal',
];

describe('the libvirt-lxc driver', () => {
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
