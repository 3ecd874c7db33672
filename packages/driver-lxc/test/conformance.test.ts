// needs: linux, root, busybox, lxc
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { lxcDriver } from '@ns/driver-lxc';

describe('the lxc driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  conformance({
    factory: lxcDriver,
    module: {
      url: new URL('../src/index.ts', import.meta.url).href,
      name: 'lxcDriver',
      nodeOptions: SOURCE_LOADER,
    },
    rootfs: root.path,
    timeLimitMs: TIME_LIMIT_MS,
    runner: vitestRunner,
    only: process.env['NS_CASES'] ?? '',
  });
});
