// needs: linux, root, busybox, runc, crun, runsc
import { conformance } from '@ns/execdriver/conformance';
import { BusyboxRoot, TIME_LIMIT_MS, vitestRunner } from '@ns/testing/drivers';
import { SOURCE_LOADER } from '@ns/testing/source-loader';
import { afterAll, describe } from 'vitest';

import { crun, runc, runsc } from './factories.js';

/**
 * Of each runtime, what it or our way with it differs in. All of it takes minutes: `NS_CASES= vitest run …`, with
 * `NS_RUNTIME=crun` for one runtime.
 */
const SELECTION = {
  runc: [
    'life cycle gives the',
    'start of a',
    'seccomp is that',
    'terminal tells',
    'terminal passes',
    'terminal belongs',
    'exec has',
    'limits are set',
    'is adopted with its output',
    'keeps its terminal',
  ],
  crun: [
    'life cycle goes',
    'the default mounts',
    'has users of its own',
    'has names',
    'a mount of',
    'an overlay',
    'exec has a',
    'terminal controls',
    'can give files',
  ],
  runsc: [
    'life cycle gives the exit',
    'streams keep output',
    'user app is',
    'exec has streams',
    'start of a command',
  ],
} as const;

const FACTORIES = { runc, crun, runsc };

const root = new BusyboxRoot();
afterAll(() => root[Symbol.dispose]());

const wanted = process.env['NS_RUNTIME'];

const cases = process.env['NS_CASES'];

for (const name of ['runc', 'crun', 'runsc'] as const) {
  if (wanted !== undefined && wanted !== name) continue;
  describe(`the OCI driver over ${name}`, () => {
    for (const only of cases === undefined ? SELECTION[name] : [cases])
      conformance({
        factory: FACTORIES[name],
        module: {
          url: new URL('factories.ts', import.meta.url).href,
          name,
          nodeOptions: SOURCE_LOADER,
        },
        rootfs: root.path,
        timeLimitMs: TIME_LIMIT_MS,
        runner: vitestRunner,
        only,
      });
  });
}
