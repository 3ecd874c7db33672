// needs: linux, root, busybox
import { nativeDriver } from '@ns/execdriver';
import { conformance } from '@ns/execdriver/conformance';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { BusyboxRoot } from './busybox-root.js';
import { TIME_LIMIT_MS, vitestRunner } from './runner.js';

describe('the native driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  conformance({
    factory: nativeDriver,
    module: {
      url: new URL('../src/index.ts', import.meta.url).href,
      name: 'nativeDriver',
      nodeOptions: SOURCE_LOADER,
    },
    rootfs: root.path,
    timeLimitMs: TIME_LIMIT_MS,
    runner: vitestRunner,
  });
});
