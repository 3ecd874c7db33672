// needs: linux, root, busybox
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, selectedCases, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { nsOci } from './factories.mjs';

const root = new BusyboxRoot();
afterAll(() => root[Symbol.dispose]());

const SELECTION = ['life cycle gives the', 'the default mounts', 'exec has', 'is adopted with its output'];

describe('the OCI driver over ns-oci', () => {
  for (const only of selectedCases(SELECTION)) {
    conformance({
      factory: nsOci,
      module: {
        url: new URL('factories.mts', import.meta.url).href,
        name: 'nsOci',
        nodeOptions: SOURCE_LOADER,
      },
      rootfs: root.path,
      timeLimitMs: TIME_LIMIT_MS,
      runner: vitestRunner,
      only,
    });
  }
});
