// needs: linux, root, x64, busybox, uml
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { create } from './factory.js';

describe('the uml driver', () => {
  const root = new BusyboxRoot();
  afterAll(() => root[Symbol.dispose]());

  conformance({
    factory: create,
    module: { url: new URL('factory.ts', import.meta.url).href, name: 'create', nodeOptions: SOURCE_LOADER },
    rootfs: root.path,
    timeLimitMs: TIME_LIMIT_MS,
    runner: vitestRunner,
    only: process.env['NS_CASES'] ?? '',
  });
});
