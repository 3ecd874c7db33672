// needs: linux, root, busybox, runc, crun, runsc
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import * as factories from './factories.js';

const RUNTIMES = ['runc', 'crun', 'runsc'] as const;

const root = new BusyboxRoot();
afterAll(() => root[Symbol.dispose]());

const wanted = process.env['NS_RUNTIME'];

for (const name of RUNTIMES.filter((each) => wanted === undefined || wanted === each)) {
  describe(`the OCI driver over ${name}`, () => {
    conformance({
      factory: factories[name],
      module: {
        url: new URL('factories.ts', import.meta.url).href,
        name,
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
      only: process.env['NS_CASES'] ?? '',
    });
  });
}
